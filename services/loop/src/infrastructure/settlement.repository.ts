import { Injectable } from '@nestjs/common';
import { type LoopChanged, type SentimentLabel, type SettlementOutcome } from '@closeloop/contracts';
import { jsonOf } from '@closeloop/messaging';
import { jsonArray, jsonBytes, pipelined } from '@closeloop/platform';
import { type EntityManager } from 'typeorm';
import {
  keyText,
  SettlementStore,
  type SettlementChanges,
  type SettlementKey,
  type SettlementTransaction,
} from '../domain/settlement-store.js';
import { movingChanges } from '../domain/endpoint.js';
import { changeOf } from '../domain/loop-changed.js';
import { type Loop } from '../domain/loop.js';
import { type SettledFeedback } from '../domain/settlement.js';
import { bringBackWordsOf, droppedUntil, everyStepOf, lockLoopRows } from './archive.statement.js';
import {
  type FeedbackEntity,
  feedbackOf,
  feedbackSelection,
  type WrittenFeedback,
  writtenColumns,
  writtenFeedback,
  writtenValues,
} from './feedback.entity.js';
import { type LoopHistoryEntity } from './loop-history.entity.js';
import { loopOf } from './loop.entity.js';
import { KeptSlaBook } from './sla-book.repository.js';
import { appendHistory, writeLoops, written } from './loop.statement.js';
import { teamsBefore } from './step.statement.js';

export type ToldRow = Pick<
  LoopHistoryEntity,
  'change' | 'actorKind' | 'actorId' | 'state' | 'cycle' | 'level' | 'team' | 'priority' | 'owner' | 'clocks'
> &
  SettlementKey & {
    settlement: number;
    outcome: SettlementOutcome;
    loopId: string;
    version: number;
    at: Date;
    settledTeam: string | null;
    settledSentiment: SentimentLabel | null;
    source: string;
  };

/** One statement for each table and batch: arrays in, UNNEST, no row by row. */
@Injectable()
export class SettlementRepository extends SettlementStore {
  constructor(private readonly book: KeptSlaBook) {
    super();
  }

  override within(transaction: object): SettlementTransaction {
    return new PostgresSettlement(transaction as EntityManager, this.book);
  }
}

class PostgresSettlement implements SettlementTransaction {
  constructor(
    private readonly tx: EntityManager,
    private readonly book: KeptSlaBook,
  ) {}

  async lockFeedback(feedbackIds: readonly string[]): Promise<Map<string, SettledFeedback>> {
    const rows = await this.tx.query<FeedbackEntity[]>(
      `select ${feedbackSelection} from feedback where feedback_id = any($1::uuid[]) order by feedback_id for update`,
      [feedbackIds],
    );
    return new Map(rows.map((row) => [row.feedbackId, feedbackOf(row)]));
  }

  async toldOf(keys: readonly SettlementKey[]): Promise<Map<string, LoopChanged>> {
    let rows = await this.told(keys, 'left join loop_history h on h.loop_id = s.loop_id and h.version = s.version');
    if (rows.some(({ version, change }) => version > 0 && !change)) {
      rows = await this.told(keys, `left join lateral ${everyStepOf('s.loop_id')} h on h.version = s.version`);
    }
    return new Map(rows.map((row) => [keyText(row), toldOf(row)]));
  }

  private told(keys: readonly SettlementKey[], history: string): Promise<ToldRow[]> {
    return this.tx.query(
      `select s.feedback_id "feedbackId", s.revision, s.tag_revision "tagRevision", s.route_revision "routeRevision",
          encode(s.content_hash, 'hex') "contentHash", s.settlement, s.outcome, s.loop_id "loopId", s.version, s.at,
          s.team "settledTeam", s.sentiment "settledSentiment", f.source, h.change, h.actor_kind "actorKind",
          h.actor_id "actorId", h.state, h.cycle, h.level, h.team, h.priority, h.owner, h.clocks
        from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[])
            k(feedback_id, revision, tag_revision, route_revision, content_hash)
          join lateral (
            select * from settlement where settlement.feedback_id = k.feedback_id and settlement.revision = k.revision
              and settlement.tag_revision = k.tag_revision and settlement.route_revision = k.route_revision
              and settlement.content_hash = decode(k.content_hash, 'hex') offset 0
          ) s on true
          join feedback f on f.feedback_id = s.feedback_id
          ${history}`,
      keyColumns(keys),
    );
  }

  async lockCustomers(customers: readonly string[]): Promise<void> {
    await this.tx.query(
      `insert into customer (customer) select c from unnest($1::uuid[]) c order by c on conflict do nothing`,
      [customers],
    );
    await this.tx.query('select 1 from customer where customer = any($1::uuid[]) order by customer for update', [
      customers,
    ]);
  }

  async openLoopsOf(customers: readonly string[], since: Date): Promise<string[]> {
    // One customer after the other, whatever Postgres believes: of a table that grows it thinks that next to nothing is so new.
    const rows = await this.tx.query<{ loop_id: string }[]>(
      `select loop_id from unnest($1::uuid[]) said (customer), lateral (
         select loop_id from loop where loop.customer = said.customer and closed_at is null and opened_at >= $2 offset 0
       ) open`,
      [customers, since],
    );
    return rows.map(({ loop_id }) => loop_id);
  }

  async lockLoops(loopIds: readonly string[]): Promise<Loop[]> {
    return this.book.withTerms(this.tx, (await lockLoopRows(this.tx, loopIds)).map(loopOf));
  }

  droppedUntil(): Promise<Date | undefined> {
    return droppedUntil(this.tx);
  }

  async teamsLeft(changes: readonly LoopChanged[]): Promise<Map<string, string>> {
    const moving = changes.filter(({ change, loop }) => loop && (movingChanges as readonly string[]).includes(change));
    return moving.length === 0 ? new Map() : teamsBefore(this.tx, moving);
  }

  async save(now: Date, changes: SettlementChanges): Promise<void> {
    const { opened, moved, steps, newFeedback, knownFeedback, settlements, words, erased } = changes;
    const { standing, earlier } = byStanding(settlements);
    const rowsOf = (feedback: readonly SettledFeedback[]): WrittenFeedback[] =>
      feedback.map((one) => ({ feedback: one, ...toldAs(standing.get(one.feedbackId)) }));
    await pipelined(
      writeLoops(this.tx, opened, moved, this.book),
      appendHistory(this.tx, steps, this.book),
      this.insertFeedback(now, rowsOf(newFeedback)),
      this.updateFeedback(now, rowsOf(knownFeedback)),
      this.insertEarlier(now, earlier),
      this.keepWords(now, words),
    );
    if (erased.length > 0) {
      await bringBackWordsOf(this.tx, erased);
      await this.tx.query(
        `delete from words where feedback_id = any($1::uuid[]) and kind in ('feedback', 'evidence')`,
        [erased],
      );
      await this.tx.query(
        `update words set answers = null where feedback_id = any($1::uuid[]) and kind = 'response' and answers is not null`,
        [erased],
      );
    }
  }

  private async insertFeedback(now: Date, rows: readonly WrittenFeedback[]): Promise<void> {
    if (rows.length === 0) return;
    await written(
      this.tx,
      rows.length,
      `insert into feedback (${writtenColumns}) ${writtenFeedback} on conflict do nothing`,
      writtenValues(rows, now),
    );
  }

  private async updateFeedback(now: Date, rows: readonly WrittenFeedback[]): Promise<void> {
    if (rows.length === 0) return;
    await pipelined(
      this.keepReplaced(rows.filter(({ told }) => told).map(({ feedback }) => feedback.feedbackId)),
      written(
        this.tx,
        rows.length,
        `update feedback f set revision = n.revision, tag_revision = n.tag_revision, route_revision = n.route_revision,
            settlement = n.settlement, outcome = n.outcome, loop_id = n.loop_id, place = n.place, team = n.team,
            sentiment = n.sentiment, rating = n.rating, content_hash = coalesce(n.content_hash, f.content_hash),
            told_settlement = coalesce(n.told_settlement, f.told_settlement),
            told_loop_id = case when n.told_at is null then f.told_loop_id else n.told_loop_id end,
            told_version = coalesce(n.told_version, f.told_version), told_at = coalesce(n.told_at, f.told_at)
          from (${writtenFeedback}) n where f.feedback_id = n.feedback_id`,
        writtenValues(rows, now),
      ),
    );
  }

  /** What stood until now goes where the earlier ones are; those from before they stood in the feedback are there. */
  private async keepReplaced(feedbackIds: readonly string[]): Promise<void> {
    if (feedbackIds.length === 0) return;
    await this.tx.query(
      `insert into earlier_settlement (${earlierColumns})
        select feedback_id, revision, tag_revision, route_revision, content_hash, told_settlement, outcome,
            coalesce(told_loop_id, loop_id), told_version, team, sentiment, told_at
          from feedback where feedback_id = any($1::uuid[]) and told_at is not null`,
      [feedbackIds],
    );
  }

  private async insertEarlier(now: Date, settlements: SettlementChanges['settlements']): Promise<void> {
    if (settlements.length === 0) return;
    await written(
      this.tx,
      settlements.length,
      `insert into earlier_settlement (${earlierColumns})
        select feedback_id, revision, tag_revision, route_revision, decode(content_hash, 'hex'), settlement, outcome, loop_id,
            version, team, sentiment, $12::timestamptz
          from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::text[], $6::int[], $7::text[], $8::uuid[], $9::int[],
            $10::text[], $11::text[]) given (feedback_id, revision, tag_revision, route_revision, content_hash, settlement,
            outcome, loop_id, version, team, sentiment)
        on conflict do nothing`,
      [
        ...keyColumns(settlements.map(({ key }) => key)),
        settlements.map(({ told }) => told.feedback!.settlement),
        settlements.map(({ told }) => told.feedback!.outcome),
        settlements.map(({ told }) => told.loopId),
        settlements.map(({ told }) => told.version),
        settlements.map(({ told }) => told.feedback!.team ?? null),
        settlements.map(({ told }) => told.feedback!.sentiment ?? null),
        now,
      ],
    );
  }

  private async keepWords(now: Date, words: SettlementChanges['words']): Promise<void> {
    if (words.length === 0) return;
    await this.tx.query(
      `insert into words (words_id, kind, loop_id, feedback_id, revision, at, body)
        select n.feedback_id, 'feedback', n.loop_id, n.feedback_id, n.revision, $5::timestamptz, n.body
        from unnest($1::uuid[], $2::uuid[], $3::int[], ${jsonArray('$4')}) n(feedback_id, loop_id, revision, body)
        on conflict (words_id) do update set loop_id = excluded.loop_id, revision = excluded.revision,
          at = excluded.at, body = excluded.body`,
      [
        words.map(({ feedbackId }) => feedbackId),
        words.map(({ loopId }) => loopId),
        words.map(({ revision }) => revision),
        jsonBytes(words.map(({ json: { feedback, tags, route } }) => jsonOf({}, { feedback, tags, route }))),
        now,
      ],
    );
  }
}

type Settled = SettlementChanges['settlements'][number];

const earlierColumns = `feedback_id, revision, tag_revision, route_revision, content_hash, settlement, outcome, loop_id, version,
  team, sentiment, at`;

/** Of each feedback the settlement that stands after the batch, if one of it does, and all others. */
function byStanding(settlements: readonly Settled[]): {
  standing: ReadonlyMap<string, Settled>;
  earlier: readonly Settled[];
} {
  const standing = new Map<string, Settled>();
  const earlier: Settled[] = [];
  for (const settled of settlements) {
    const { feedbackId, outcome } = settled.told.feedback!;
    if (outcome === 'superseded') earlier.push(settled);
    else {
      const replaced = standing.get(feedbackId);
      if (replaced) earlier.push(replaced);
      standing.set(feedbackId, settled);
    }
  }
  return { standing, earlier };
}

const toldAs = (settled: Settled | undefined): Pick<WrittenFeedback, 'told'> =>
  settled
    ? {
        told: {
          contentHash: settled.key.contentHash,
          settlement: settled.told.feedback!.settlement,
          loopId: settled.told.loopId,
          version: settled.told.version,
        },
      }
    : {};

const keyColumns = (keys: readonly SettlementKey[]): unknown[] => [
  keys.map(({ feedbackId }) => feedbackId),
  keys.map(({ revision }) => revision),
  keys.map(({ tagRevision }) => tagRevision),
  keys.map(({ routeRevision }) => routeRevision),
  keys.map(({ contentHash }) => contentHash),
];

/**
 * The settlement that a step carried, for a lateral join. @param step names a row of loop_history
 */
export const carriedBy = (step: string): string => `(
    select * from settlement s where s.feedback_id = ${step}.feedback_id and s.loop_id = ${step}.loop_id
      and s.version = ${step}.version offset 0
  )`;

/** What was told, put together again: the loop as it was after that version; of a loop that was dropped, the settlement alone. */
export const toldOf = (row: ToldRow): LoopChanged => ({
  ...{ loopId: row.loopId, at: row.at.toISOString() },
  ...(row.version > 0 && row.change
    ? {
        version: row.version,
        ...changeOf(row.change),
        actor: { kind: row.actorKind, ...(row.actorId !== null && { id: row.actorId }) },
        loop: {
          ...{ state: row.state, cycle: row.cycle, team: row.team, priority: row.priority },
          ...(row.owner !== null && { owner: row.owner }),
          ...(row.level !== null && row.level > 0 && { level: row.level }),
          ...(row.clocks && { clocks: row.clocks }),
        },
      }
    : { version: 0, change: 'settled', actor: { kind: 'source', id: row.source }, loop: null }),
  feedback: {
    ...{ feedbackId: row.feedbackId, revision: row.revision, settlement: row.settlement, outcome: row.outcome },
    ...{ tagRevision: row.tagRevision, routeRevision: row.routeRevision },
    ...(row.settledTeam !== null && { team: row.settledTeam }),
    ...(row.settledSentiment !== null && { sentiment: row.settledSentiment }),
  },
});
