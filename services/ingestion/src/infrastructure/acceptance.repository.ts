import { Injectable } from '@nestjs/common';
import { feedbackReceived, hopEventId, type FeedbackReceived } from '@closeloop/contracts';
import { jsonWith, Outbox, type OutgoingEvent } from '@closeloop/messaging';
import { jsonTexts, pipelined, sqlStateOf, textArray } from '@closeloop/platform';
import { DataSource, type EntityManager } from 'typeorm';
import type { Standing } from '../domain/acceptance.js';
import {
  AcceptanceStore,
  Overtaken,
  Unstorable,
  type AcceptanceChange,
  type AcceptanceTransaction,
  type NewRevision,
  type RequestId,
  type StoredRequest,
} from '../domain/acceptance-store.js';
import { tallyParameters, tallyStatement } from './tally.statement.js';

/** Requests that one purge forgets at most, so that it holds no lock for long. */
const purged = 5_000;

const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());

/** Acceptance in Postgres: one statement a step for a whole group, through UNNEST. */
@Injectable()
export class AcceptanceRepository extends AcceptanceStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async transaction<T>(work: (transaction: AcceptanceTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction((manager) => work(this.within(manager)));
    } catch (error) {
      throw told(error);
    }
  }

  override within(transaction: object): AcceptanceTransaction {
    return new PostgresAcceptance(transaction as EntityManager, this.outbox);
  }

  override isFull(): boolean {
    return this.outbox.isFull();
  }

  override assertRoom(): void {
    this.outbox.assertRoom();
  }

  override wake(): void {
    this.outbox.wake();
  }

  override async forgetRequests(days: number): Promise<number> {
    const [, forgotten] = await this.dataSource.query<[unknown, number]>(
      `delete from accepted_request where (source, key_hash) in (
         select source, key_hash from accepted_request
         where answered_at < now() - make_interval(days => $1) order by answered_at limit ${purged} for update skip locked)`,
      [days],
    );
    return forgotten;
  }
}

/** The error as acceptance knows it; any other as it is. */
function told(error: unknown): unknown {
  const state = sqlStateOf(error);
  if (state === '23505' || state === '40001' || state === '40P01') return new Overtaken(state, { cause: error });
  if (state && /^2[23]/.test(state)) return new Unstorable(state, { cause: error });
  return error;
}

interface LockedRow {
  now: Date;
  feedback_id: string | null;
  accepted_revision: number;
  content_hash: string;
  updated_at: Date | null;
  deleted_at: Date | null;
}

class PostgresAcceptance implements AcceptanceTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  async recall(requests: readonly RequestId[]): Promise<(StoredRequest | undefined)[]> {
    const rows = await this.manager.query<{ at: string; fingerprint: string; results: string }[]>(
      `select asked.at, kept.fingerprint, kept.results
       from unnest($1::text[], $2::text[]) with ordinality as asked (source, key_hash, at)
       join accepted_request kept on kept.source = asked.source and kept.key_hash = decode(asked.key_hash, 'hex')`,
      [requests.map(({ source }) => source), requests.map(({ keyHash }) => keyHash)],
    );
    const recalled: (StoredRequest | undefined)[] = requests.map(() => undefined);
    for (const { at, fingerprint, results } of rows)
      recalled[Number(at) - 1] = { fingerprint, results: JSON.parse(results) as unknown };
    return recalled;
  }

  lock(feedbackIds: readonly string[]): Promise<{ now: Date; standings: Map<string, Standing> }> {
    return lockStandings(this.manager, feedbackIds);
  }

  async hashesOf(feedbackIds: readonly string[]): Promise<Map<string, Set<string>>> {
    const rows = await this.manager.query<{ feedback_id: string; content_hash: string }[]>(
      `select feedback_id, encode(content_hash, 'hex') as content_hash
       from feedback_revision where feedback_id = any($1::uuid[])`,
      [feedbackIds],
    );
    const hashes = new Map<string, Set<string>>();
    for (const { feedback_id: id, content_hash: hash } of rows) hashes.set(id, (hashes.get(id) ?? new Set()).add(hash));
    return hashes;
  }

  async save(change: AcceptanceChange): Promise<void> {
    const { revisions, counts, requests, now } = change;
    await pipelined(
      ...(revisions.length > 0 ? [saveRevisions(this.manager, change)] : []),
      ...(revisions.length === 0 && counts.length > 0
        ? [this.manager.query(tallyStatement(1), tallyParameters(tallied(change)))]
        : []),
      ...(requests.length > 0 ? [this.remember(requests)] : []),
      this.outbox.append(
        this.manager,
        revisions.map((revision) => received(revision, now)),
      ),
    );
  }

  private async remember(requests: AcceptanceChange['requests']): Promise<void> {
    const sorted = [...requests].sort((a, b) => (a.id.keyHash < b.id.keyHash ? -1 : 1));
    const kept = await this.manager.query<unknown[]>(
      `insert into accepted_request (source, key_hash, fingerprint, results, answered_at)
       select source, decode(key_hash, 'hex'), fingerprint, results, now()
       from unnest($1::text[], $2::text[], $3::text[], ${textArray('$4')}) as given (source, key_hash, fingerprint, results)
       on conflict (source, key_hash) do nothing
       returning 1`,
      [
        sorted.map(({ id }) => id.source),
        sorted.map(({ id }) => id.keyHash),
        sorted.map(({ fingerprint }) => fingerprint),
        jsonTexts(sorted.map(({ results }) => JSON.stringify(results))),
      ],
    );
    if (kept.length < requests.length) throw new Overtaken('another transaction answered one of them first');
  }

  async attempt<T>(work: () => Promise<T>): Promise<T> {
    await this.manager.query('savepoint attempt');
    try {
      const done = await work();
      await this.manager.query('release savepoint attempt');
      return done;
    } catch (error) {
      const known = told(error);
      if (known instanceof Overtaken || known instanceof Unstorable)
        await this.manager.query('rollback to savepoint attempt; release savepoint attempt');
      throw known;
    }
  }
}

const tallied = ({ counts }: Pick<AcceptanceChange, 'counts'>) =>
  counts.map(({ source, result, count }) => ({ measure: 'result' as const, source, value: result, count }));

const received = (
  { feedbackId, revision, contentHash, content, canonical, traceparent }: NewRevision,
  now: Date,
): OutgoingEvent<FeedbackReceived> => {
  const ofAcceptance = { revision, contentHash, receivedAt: now.toISOString() };
  return {
    event: feedbackReceived,
    id: hopEventId('received', { feedbackId, revision, contentHash }),
    subject: feedbackId,
    data: { ...content, ...ofAcceptance },
    json: jsonWith(Buffer.from(canonical), ofAcceptance),
    ...(traceparent !== undefined && { traceparent }),
  };
};

/** Standings, revisions, their bodies and counts; no event. @throws Overtaken */
export async function saveRevisions(
  manager: EntityManager,
  { now, created, changed, revisions, ...rest }: Omit<AcceptanceChange, 'requests'>,
): Promise<void> {
  const standings = [...created, ...changed].map(({ standing }) => standing);
  const [saved] = await manager.query<[{ created: number }]>(
    `with standing as (
       select feedback_id, source, accepted_revision, decode(content_hash, 'hex') as content_hash, updated_at, deleted_at
       from unnest($2::uuid[], $3::text[], $4::int[], $5::text[], $6::timestamptz[], $7::timestamptz[])
         as given (feedback_id, source, accepted_revision, content_hash, updated_at, deleted_at)),
     created as (
       insert into feedback (feedback_id, source, accepted_revision, content_hash, updated_at, deleted_at, accepted_at)
       select feedback_id, source, accepted_revision, content_hash, updated_at, deleted_at, $1
       from standing where source is not null order by feedback_id
       on conflict (feedback_id) do nothing
       returning 1),
     changed as (
       update feedback set
         accepted_revision = standing.accepted_revision, content_hash = standing.content_hash,
         updated_at = standing.updated_at, deleted_at = standing.deleted_at, accepted_at = $1
       from standing where standing.source is null and feedback.feedback_id = standing.feedback_id),
     revisions as (
       insert into feedback_revision (feedback_id, revision, kind, content_hash, received_at)
       select feedback_id, revision, kind, decode(content_hash, 'hex'), $1
       from unnest($8::uuid[], $9::int[], $10::text[], $11::text[]) as given (feedback_id, revision, kind, content_hash)),
     bodies as (
       insert into feedback_body (feedback_id, part, body)
       select feedback_id, revision::text, convert_to(body, 'UTF8')
       from unnest($8::uuid[], $9::int[], ${textArray('$12')}) as given (feedback_id, revision, body)),
     tallied as (${tallyStatement(13)})
     select count(*)::int as created from created`,
    [
      now,
      [...created, ...changed].map(({ feedbackId }) => feedbackId),
      [...created.map(({ source }) => source), ...changed.map(() => null)],
      standings.map(({ revision }) => revision),
      standings.map(({ contentHash }) => contentHash),
      standings.map(({ updatedAt }) => iso(updatedAt)),
      standings.map(({ deletedAt }) => iso(deletedAt)),
      revisions.map(({ feedbackId }) => feedbackId),
      revisions.map(({ revision }) => revision),
      revisions.map(({ kind }) => kind),
      revisions.map(({ contentHash }) => contentHash),
      jsonTexts(revisions.map(({ canonical }) => canonical)),
      ...tallyParameters(tallied(rest)),
    ],
  );
  if (saved.created < created.length) throw new Overtaken('another transaction accepted one of them first');
}

/** As `AcceptanceTransaction.lock`. */
export async function lockStandings(
  manager: EntityManager,
  feedbackIds: readonly string[],
): Promise<{ now: Date; standings: Map<string, Standing> }> {
  const rows = await manager.query<LockedRow[]>(
    `with locked as materialized (
       select feedback_id, accepted_revision, encode(content_hash, 'hex') as content_hash, updated_at, deleted_at
       from feedback where feedback_id = any($1::uuid[]) order by feedback_id for update)
     select database.now, locked.* from (select now() as now) database left join locked on true`,
    [feedbackIds],
  );
  const standings = new Map<string, Standing>();
  for (const row of rows) {
    if (row.feedback_id === null) continue;
    standings.set(row.feedback_id, {
      revision: row.accepted_revision,
      contentHash: row.content_hash,
      ...(row.updated_at && { updatedAt: row.updated_at.getTime() }),
      ...(row.deleted_at && { deletedAt: row.deleted_at.getTime() }),
    });
  }
  return { now: rows[0]!.now, standings };
}
