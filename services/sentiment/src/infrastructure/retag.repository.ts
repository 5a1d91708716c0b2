import { Outbox } from '@closeloop/messaging';
import { AuditLog } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Actor } from '../domain/actor.js';
import { type NewRetag, RetagStore, type RetagStep } from '../domain/retag/retag-store.js';
import type { Retag, RetagCounts } from '../domain/retag/retag.js';
import { TaggedStore } from '../domain/tagged-store.js';

const idleInTransactionMs = 5_000;

interface RetagRow {
  readonly retag_id: string;
  readonly version: string | null;
  readonly model: string;
  readonly from_time: Date;
  readonly to_time: Date;
  readonly per_second: number;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly state: Retag['state'];
  readonly ended_at: Date | null;
  readonly looked_at: number;
  readonly retagged: number;
  readonly changed: number;
  readonly left_human: number;
  readonly failed: number;
}

const retagOf = (row: RetagRow): Retag => ({
  ...{ retagId: row.retag_id, version: row.version ?? undefined, model: row.model },
  ...{ from: row.from_time, to: row.to_time, perSecond: row.per_second, askedBy: row.asked_by, askedAt: row.asked_at },
  ...{ state: row.state, ...(row.ended_at && { endedAt: row.ended_at }) },
  counts: {
    ...{
      lookedAt: row.looked_at,
      retagged: row.retagged,
      changed: row.changed,
      leftHuman: row.left_human,
      failed: row.failed,
    },
  },
});

@Injectable()
export class RetagRepository extends RetagStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly tagged: TaggedStore,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override add(retag: NewRetag): Promise<Retag> {
    const { retagId, version, model, from, to, perSecond, askedBy } = retag;
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<RetagRow[]>(
        `insert into retag (retag_id, version, model, from_time, to_time, per_second, asked_by)
         values ($1, $2, $3, $4, coalesce($5, clock_timestamp()), $6, $7) returning *`,
        [retagId, version ?? null, model, from, to ?? null, perSecond, askedBy.subject],
      );
      const added = retagOf(row!);
      await this.audit.append(manager, {
        ...{ actor: askedBy, action: 'retag.asked', resource: { kind: 'retag', id: retagId } },
        after: { model, from: added.from.toISOString(), to: added.to.toISOString(), perSecond },
      });
      return added;
    });
  }

  override async find(retagId: string): Promise<Retag | undefined> {
    const [row] = await this.dataSource.query<RetagRow[]>('select * from retag where retag_id = $1', [retagId]);
    return row && retagOf(row);
  }

  override async list(limit: number): Promise<readonly Retag[]> {
    const rows = await this.dataSource.query<RetagRow[]>(
      'select * from retag order by asked_at desc, retag_id limit $1',
      [limit],
    );
    return rows.map(retagOf);
  }

  override stop(retagId: string, by: Actor): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ stopped: number }[]>(
        `with stopped as (
           update retag set state = 'stopped', ended_at = clock_timestamp() where retag_id = $1 and state = 'running'
           returning 1
         )
         select count(*)::int as stopped from stopped`,
        [retagId],
      );
      if (row!.stopped === 0) return false;
      await this.audit.append(manager, {
        ...{ actor: by, action: 'retag.stopped', resource: { kind: 'retag', id: retagId } },
        ...{ before: { state: 'running' }, after: { state: 'stopped' } },
      });
      return true;
    });
  }

  override async untilNext(): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ wait: number | null }[]>(
      `select (extract(epoch from min(next_at) - clock_timestamp()) * 1000)::float8 as wait from retag where state = 'running'`,
    );
    return row?.wait ?? undefined;
  }

  override async step(work: (step: RetagStep) => Promise<void>): Promise<boolean> {
    this.outbox.assertRoom();
    const did = await this.dataSource.transaction(async (manager) => {
      await manager.query(`select set_config('idle_in_transaction_session_timeout', $1, true)`, [
        String(idleInTransactionMs),
      ]);
      const [row] = await manager.query<RetagRow[]>(
        `select * from retag where state = 'running' and next_at <= clock_timestamp()
         order by next_at limit 1 for update skip locked`,
      );
      if (!row) return false;
      await work(new PostgresStep(manager, row, this.tagged));
      return true;
    });
    this.outbox.wake();
    return did;
  }
}

class PostgresStep implements RetagStep {
  readonly retag: Retag;
  readonly tagged;

  constructor(
    private readonly manager: EntityManager,
    private readonly row: RetagRow,
    tagged: TaggedStore,
  ) {
    this.retag = retagOf(row);
    this.tagged = tagged.within(manager);
  }

  next(limit: number): Promise<{ feedbackId: string; receivedAt: Date }[]> {
    // Its place is read and written in Postgres's own precision: a Date has milliseconds.
    return this.manager.query(
      `select feedback_id "feedbackId", known.received_at "receivedAt"
       from tagged_feedback known, retag
       where retag_id = $1 and feedback is not null and known.received_at >= from_time and known.received_at < to_time
         and (place_at is null or (known.received_at, feedback_id) > (place_at, place_id))
       order by known.received_at, feedback_id limit $2`,
      [this.row.retag_id, limit],
    );
  }

  async goOn(
    { feedbackId, receivedAt }: { feedbackId: string; receivedAt: Date },
    counts: RetagCounts,
    waitMs: number,
  ): Promise<void> {
    await this.manager.query(
      `update retag set place_at = $3, place_id = $2,
         looked_at = looked_at + $4, retagged = retagged + $5, changed = changed + $6, left_human = left_human + $7, failed = failed + $9,
         next_at = clock_timestamp() + $8 * interval '1 millisecond'
       where retag_id = $1`,
      [
        ...[this.row.retag_id, feedbackId, receivedAt],
        ...[counts.lookedAt, counts.retagged, counts.changed, counts.leftHuman, waitMs, counts.failed],
      ],
    );
  }

  async end(state: 'done' | 'stopped'): Promise<void> {
    await this.manager.query('update retag set state = $2, ended_at = clock_timestamp() where retag_id = $1', [
      this.row.retag_id,
      state,
    ]);
  }
}
