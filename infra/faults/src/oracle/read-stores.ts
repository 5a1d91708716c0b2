import { type Subject } from '../subject.js';
import {
  type DeadlineRow,
  type DeliveryRow,
  type FollowUpRow,
  type Held,
  type HistoryRow,
  type LedgerRow,
  type LedgerView,
  type LetterRow,
  type LoopRow,
  type LoopStanding,
  type LoopTally,
  type ReplyRow,
  type RevisionRow,
  type SendingRow,
  type SettledRow,
  type SettlementRow,
  type Tally,
} from './facts.js';
import { withDatabase } from './stores.js';

type Ingestion = Pick<Held, 'ledger' | 'revisions' | 'letters' | 'standings' | 'tallies' | 'sendings'> & {
  unsent: number;
};
type Loop = Pick<
  Held,
  | 'settled'
  | 'settlements'
  | 'loops'
  | 'history'
  | 'deadlines'
  | 'loopTallies'
  | 'deliveries'
  | 'followUps'
  | 'replies'
  | 'now'
> & { unsent: number };

/** Members that are null left out. */
function rowsOf<T>(rows: readonly object[]): T[] {
  for (const row of rows as Record<string, unknown>[]) {
    for (const name in row) if (row[name] === null) delete row[name];
  }
  return rows as T[];
}

/** Everything as one moment has it. */
function snapshot<T>(url: string, read: (rows: <R>(query: string) => Promise<R[]>) => Promise<T>): Promise<T> {
  return withDatabase(url, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    return read(async <R>(query: string) => rowsOf<R>((await client.query<object>(query)).rows));
  });
}

const unsentQuery = 'select count(*)::int as count from outbox';
const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

export const readIngestion = ({ databaseUrls }: Subject): Promise<Ingestion> =>
  snapshot(databaseUrls.ingestion, async (rows) => ({
    ledger: await rows<LedgerRow>(
      `select feedback_id "feedbackId", source, accepted_revision "acceptedRevision", encode(content_hash, 'hex') "contentHash",
         ${ms('updated_at')} "updatedAt", ${ms('deleted_at')} "deletedAt", settled_revision "settledRevision", settlement,
         outcome, loop_id "loopId", team, sentiment from feedback`,
    ),
    revisions: await rows<RevisionRow>(
      `select feedback_id "feedbackId", revision, kind, encode(content_hash, 'hex') "contentHash" from feedback_revision`,
    ),
    letters: await rows<LetterRow>(
      `select letter_id "letterId", feedback_id "feedbackId", revision, topic, "partition", "offset", "group", reason
       from dead_letter`,
    ),
    standings: await rows<LoopStanding>(
      'select loop_id "loopId", version, state, cycle, team, priority, source from loop_state',
    ),
    tallies: await rows<Tally>(
      `select measure, source, value, team, sentiment, sum(count)::float8 count from tally
       group by measure, source, value, team, sentiment`,
    ),
    sendings: await rows<SendingRow>(
      'select reply_id "replyId", kind, loop_id "loopId", source, state from reply order by place',
    ),
    unsent: (await rows<{ count: number }>(unsentQuery))[0]!.count,
  }));

export const readLoop = ({ databaseUrls }: Subject): Promise<Loop> =>
  snapshot(databaseUrls.loop, async (rows) => ({
    settled: await rows<SettledRow>(
      `select feedback_id "feedbackId", source, revision, settlement, outcome, loop_id "loopId", place, team, sentiment
       from feedback`,
    ),
    settlements: await rows<SettlementRow>(
      `select feedback_id "feedbackId", revision, tag_revision "tagRevision", route_revision "routeRevision",
         encode(content_hash, 'hex') "contentHash", settlement, outcome, loop_id "loopId", version from settlement`,
    ),
    loops: await rows<LoopRow>(
      `select loop_id "loopId", version, state, cycle, team, priority, owner, feedback, level,
         ${ms('expires_at')} "expiresAt" from loop`,
    ),
    history: await rows<HistoryRow>(
      `select loop_id "loopId", version, change, ${ms('at')} at, actor_kind "actorKind", actor_id "actorId", state, cycle,
         team, priority, owner, feedback_id "feedbackId", revision, ${ms("(detail->>'dueAt')::timestamptz")} "dueAt",
         level, detail->>'target' target, detail->>'terms' terms, ${ms("(detail->>'receivedAt')::timestamptz")} "receivedAt"
       from loop_history`,
    ),
    deadlines: await rows<DeadlineRow>(`select loop_id "loopId", kind, ${ms('due_at')} "dueAt" from deadline`),
    loopTallies: await rows<LoopTally>(
      'select team, state, sum(count)::float8 count from loop_tally group by team, state having sum(count) <> 0',
    ),
    deliveries: await rows<DeliveryRow>(
      `select delivery_id "deliveryId", endpoint_id "endpointId", team, loop_id "loopId", version, state from delivery`,
    ),
    followUps: await rows<FollowUpRow>(
      `select follow_up_id "followUpId", loop_id "loopId", cycle, state, reason, ${ms('requested_at')} "requestedAt",
         ${ms('expires_at')} "expiresAt", ${ms('handed_over_at')} "handedOverAt" from follow_up`,
    ),
    replies: await rows<ReplyRow>(
      'select reply_id "replyId", kind, loop_id "loopId", version, cycle, state from reply',
    ),
    now: (await rows<{ now: number }>(`select ${ms('now()')} now`))[0]!.now,
    unsent: (await rows<{ count: number }>(unsentQuery))[0]!.count,
  }));

/** @throws where no replica answers */
export async function readLedgerView(subject: Subject): Promise<LedgerView> {
  const token = await subject.token({ sub: 'faults-oracle', roles: ['manager'] });
  let failure: unknown;
  for (const url of subject.ingestionUrls) {
    try {
      const response = await fetch(`${url}/v1/ledger`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(30_000),
      });
      if (response.ok) return (await response.json()) as LedgerView;
      failure = new Error(`${url}/v1/ledger answered ${response.status}: ${await response.text()}`);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
