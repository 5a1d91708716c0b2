import { Outbox } from '@closeloop/messaging';
import { AuditLog, personal } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Actor } from '../domain/actor.js';
import { KeptStore } from '../domain/kept-store.js';
import { RerouteStore, type NewReroute, type RerouteStep } from '../domain/reroute-store.js';
import type { Reroute, RerouteCounts } from '../domain/reroute.js';

/** A frozen replica must not hold its rows: the server gives it up after this long. */
const idleInTransactionMs = 5_000;

interface RerouteRow {
  readonly reroute_id: string;
  readonly rule_set_version: number;
  readonly from_time: Date;
  readonly to_time: Date;
  readonly per_second: number;
  readonly reason: string;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly state: Reroute['state'];
  readonly stopped_because: NonNullable<Reroute['stoppedBecause']> | null;
  readonly ended_at: Date | null;
  readonly looked_at: number;
  readonly rerouted: number;
  readonly moved: number;
}

const rerouteOf = (row: RerouteRow): Reroute => ({
  ...{ rerouteId: row.reroute_id, ruleSetVersion: row.rule_set_version, from: row.from_time, to: row.to_time },
  ...{ perSecond: row.per_second, reason: row.reason, askedBy: row.asked_by, askedAt: row.asked_at, state: row.state },
  ...(row.stopped_because && { stoppedBecause: row.stopped_because }),
  ...(row.ended_at && { endedAt: row.ended_at }),
  counts: { lookedAt: row.looked_at, rerouted: row.rerouted, moved: row.moved },
});

@Injectable()
export class RerouteRepository extends RerouteStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly kept: KeptStore,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override add(reroute: NewReroute): Promise<Reroute> {
    const { rerouteId, ruleSetVersion, from, to, perSecond, reason, askedBy } = reroute;
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<RerouteRow[]>(
        `insert into reroute (reroute_id, rule_set_version, from_time, to_time, per_second, reason, asked_by)
         values ($1, $2, $3, coalesce($4, clock_timestamp()), $5, $6, $7) returning *`,
        [rerouteId, ruleSetVersion, from, to ?? null, perSecond, reason, askedBy.subject],
      );
      const added = rerouteOf(row!);
      await this.audit.append(manager, {
        ...{ actor: askedBy, action: 'reroute.asked', resource: { kind: 'reroute', id: rerouteId } },
        after: {
          ...{ ruleSet: ruleSetVersion, from: added.from.toISOString(), to: added.to.toISOString(), perSecond },
          reason: personal(reason),
        },
      });
      return added;
    });
  }

  override async find(rerouteId: string): Promise<Reroute | undefined> {
    const [row] = await this.dataSource.query<RerouteRow[]>('select * from reroute where reroute_id = $1', [rerouteId]);
    return row && rerouteOf(row);
  }

  override async list(limit: number): Promise<readonly Reroute[]> {
    const rows = await this.dataSource.query<RerouteRow[]>(
      'select * from reroute order by asked_at desc, reroute_id limit $1',
      [limit],
    );
    return rows.map(rerouteOf);
  }

  override stop(rerouteId: string, by: Actor): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ count: number }[]>(
        `with stopped as (
           update reroute set state = 'stopped', stopped_because = 'asked', ended_at = clock_timestamp()
           where reroute_id = $1 and state = 'running' returning 1
         )
         select count(*)::int count from stopped`,
        [rerouteId],
      );
      if (row!.count === 0) return false;
      await this.audit.append(manager, {
        ...{ actor: by, action: 'reroute.stopped', resource: { kind: 'reroute', id: rerouteId } },
        ...{ before: { state: 'running' }, after: { state: 'stopped' } },
      });
      return true;
    });
  }

  override async untilNext(): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ wait: number | null }[]>(
      `select (extract(epoch from min(next_at) - clock_timestamp()) * 1000)::float8 wait from reroute where state = 'running'`,
    );
    return row?.wait ?? undefined;
  }

  override async step(work: (step: RerouteStep) => Promise<void>): Promise<boolean> {
    this.outbox.assertRoom();
    const did = await this.dataSource.transaction(async (manager) => {
      await manager.query(`select set_config('idle_in_transaction_session_timeout', $1, true)`, [
        String(idleInTransactionMs),
      ]);
      const [row] = await manager.query<RerouteRow[]>(
        `select * from reroute where state = 'running' and next_at <= clock_timestamp()
         order by next_at limit 1 for update skip locked`,
      );
      if (!row) return false;
      await work(new PostgresStep(manager, row, this.kept));
      return true;
    });
    if (did) this.outbox.wake();
    return did;
  }
}

class PostgresStep implements RerouteStep {
  readonly reroute: Reroute;
  readonly kept;
  #last: { feedbackId: string; place: string } | undefined;

  constructor(
    private readonly manager: EntityManager,
    row: RerouteRow,
    kept: KeptStore,
  ) {
    this.reroute = rerouteOf(row);
    this.kept = kept.within(manager);
  }

  async next(limit: number): Promise<readonly { feedbackId: string }[]> {
    // Its place is read and written in Postgres's own precision: a Date has milliseconds.
    const rows = await this.manager.query<{ feedbackId: string; place: string }[]>(
      `select feedback_id "feedbackId", received_at::text place
       from kept_feedback known, reroute
       where reroute_id = $1 and feedback is not null and received_at >= from_time and received_at < to_time
         and (place_at is null or (received_at, feedback_id) > (place_at, place_id))
       order by received_at, feedback_id limit $2`,
      [this.reroute.rerouteId, limit],
    );
    this.#last = rows.at(-1);
    return rows;
  }

  async goOn({ lookedAt, rerouted, moved }: RerouteCounts, waitMs: number): Promise<void> {
    await this.manager.query(
      `update reroute set place_at = $2, place_id = $3, looked_at = looked_at + $4, rerouted = rerouted + $5, moved = moved + $6,
         next_at = clock_timestamp() + $7 * interval '1 millisecond'
       where reroute_id = $1`,
      [this.reroute.rerouteId, this.#last?.place, this.#last?.feedbackId, lookedAt, rerouted, moved, waitMs],
    );
  }

  async end(state: 'done' | 'stopped', because?: Reroute['stoppedBecause']): Promise<void> {
    await this.manager.query(
      'update reroute set state = $2, stopped_because = $3, ended_at = clock_timestamp() where reroute_id = $1',
      [this.reroute.rerouteId, state, because ?? null],
    );
  }
}
