import { resendHeader, type SentimentLabel } from '@closeloop/contracts';
import { packHeaders } from '@closeloop/messaging';
import { pipelined } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { openLetterOf, type LedgerEntry, type StandingOutcome } from '../domain/ledger-entry.js';
import {
  LedgerStore,
  type KeptLetter,
  type LedgerChange,
  type LedgerRow,
  type LedgerTransaction,
  type Tally,
} from '../domain/ledger-store.js';
import { type LoopStanding } from '../domain/loop-standing.js';
import { replayedLetterOf } from '../domain/letter-replay.js';
import { formatRevisions, parseRevisions } from '../domain/revision-set.js';
import { tallyParameters, tallyStatement } from './tally.statement.js';

/** Most characters of the ways of one feedback that are kept: those of the last ten revisions or so. */
const maxTrails = 4_000;

/** The ledger in Postgres, in the transaction of a Kafka batch; one statement a step for the whole batch. */
@Injectable()
export class LedgerRepository extends LedgerStore {
  override within(transaction: object): LedgerTransaction {
    return new PostgresLedger(transaction as EntityManager);
  }
}

interface LockedRow {
  feedback_id: string;
  source: string;
  accepted_revision: number;
  settled_revision: number;
  settlement: number;
  outcome: StandingOutcome | null;
  loop_id: string | null;
  team: string | null;
  sentiment: SentimentLabel | null;
  resolved: string;
  dead: string;
}

interface LockedLoop extends Omit<LoopStanding, 'changedAt' | 'source'> {
  loop_id: string;
  source: string;
  changed_at: Date;
}

class PostgresLedger implements LedgerTransaction {
  constructor(private readonly manager: EntityManager) {}

  async lock(feedbackIds: readonly string[]): Promise<Map<string, LedgerRow>> {
    const rows = await this.manager.query<LockedRow[]>(
      `select feedback_id, source, accepted_revision, settled_revision, settlement, outcome, loop_id, team, sentiment,
              resolved, dead
       from feedback where feedback_id = any($1::uuid[]) order by feedback_id for update`,
      [feedbackIds],
    );
    return new Map(rows.map((row) => [row.feedback_id, ledgerRow(row)]));
  }

  async lockLoops(loopIds: readonly string[]): Promise<Map<string, LoopStanding>> {
    const rows = await this.manager.query<LockedLoop[]>(
      `select loop_id, version, state, cycle, team, priority, source, changed_at
       from loop_state where loop_id = any($1::uuid[]) order by loop_id for update`,
      [loopIds],
    );
    return new Map(
      rows.map(({ loop_id: loopId, source, changed_at: changedAt, ...standing }) => [
        loopId,
        { ...standing, changedAt: changedAt.toISOString(), ...(source !== '' && { source }) },
      ]),
    );
  }

  async revisionsOf(feedbackIds: readonly string[]): Promise<Map<string, { revision: number; contentHash: string }[]>> {
    const rows = await this.manager.query<{ feedback_id: string; revision: number; content_hash: string }[]>(
      `select feedback_id, revision, encode(content_hash, 'hex') as content_hash
       from feedback_revision where feedback_id = any($1::uuid[])`,
      [feedbackIds],
    );
    const revisions = new Map<string, { revision: number; contentHash: string }[]>();
    for (const { feedback_id: id, revision, content_hash: contentHash } of rows)
      revisions.set(id, [...(revisions.get(id) ?? []), { revision, contentHash }]);
    return revisions;
  }

  async keep(letters: readonly KeptLetter[]): Promise<Set<string>> {
    const rows = await this.manager.query<{ letter_id: string }[]>(
      `with kept as (
         insert into dead_letter (letter_id, feedback_id, revision, topic, "partition", "offset", "group", reason, attempts,
                                  died_at, recorded_at, source)
         select letter_id, feedback_id, revision, topic, "partition", "offset", "group", reason, attempts, died_at, now(),
           coalesce(source, (select source from feedback where feedback.feedback_id = given.feedback_id))
         from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::text[],
                     $9::int[], $10::timestamptz[], $14::text[])
           as given (letter_id, feedback_id, revision, topic, "partition", "offset", "group", reason, attempts, died_at,
                     source)
         order by letter_id
         on conflict (letter_id) do nothing
         returning letter_id, feedback_id),
       failed_again as (
         update dead_letter set failed_as = kept.letter_id, settled_at = null
         from unnest($1::uuid[], $15::uuid[]) as given (letter_id, replay_of) join kept using (letter_id)
         where dead_letter.letter_id = given.replay_of),
       bodies as (
         insert into feedback_body (feedback_id, part, key, body, details)
         select coalesce(kept.feedback_id, kept.letter_id), kept.letter_id::text, given.key, given.body, given.details
         from kept join unnest($1::uuid[], $11::bytea[], $12::bytea[], $13::text[]) as given (letter_id, key, body, details)
           using (letter_id)
         on conflict (feedback_id, part) do nothing)
       select letter_id from kept`,
      [
        letters.map(({ id }) => id),
        letters.map(({ feedbackId }) => feedbackId ?? null),
        letters.map(({ revision }) => revision ?? null),
        letters.map(({ topic }) => topic),
        letters.map(({ partition }) => partition),
        letters.map(({ offset }) => offset),
        letters.map(({ group }) => group),
        letters.map(({ reason }) => plain(reason)),
        letters.map(({ attempts }) => Math.min(attempts, 2_147_483_647)),
        letters.map(({ time }) => time),
        letters.map(({ key }) => key && Buffer.from(key)),
        letters.map(({ value }) => value && Buffer.from(value)),
        // as JSON text even NUL can be kept
        letters.map(({ wireHeaders, message, stack }) =>
          JSON.stringify({ headers: JSON.parse(packHeaders(wireHeaders).toString()) as object, message, stack }),
        ),
        letters.map(({ source }) => source ?? null),
        letters.map(({ headers }) => replayedLetterOf(headers[resendHeader]) ?? null),
      ],
    );
    return new Set(rows.map((row) => row.letter_id));
  }

  async settleLetters(letters: readonly { feedbackId: string; revision: number }[]): Promise<void> {
    await this.manager.query(
      `with settled as (
         select letter_id from dead_letter join unnest($1::uuid[], $2::int[]) as given (feedback_id, revision)
           using (feedback_id, revision)
         where settled_at is null order by letter_id for update of dead_letter)
       update dead_letter set settled_at = now() from settled where dead_letter.letter_id = settled.letter_id`,
      [letters.map(({ feedbackId }) => feedbackId), letters.map(({ revision }) => revision)],
    );
  }

  async settleReplayed(letterIds: readonly string[]): Promise<void> {
    await this.manager.query(
      `with recursive settled as (
         select letter_id from dead_letter where letter_id = any($1::uuid[])
         union select before.letter_id from dead_letter before join settled on before.failed_as = settled.letter_id)
       update dead_letter set settled_at = now()
       from settled where dead_letter.letter_id = settled.letter_id and settled_at is null`,
      [letterIds],
    );
  }

  async save({ rows, loops, tallies }: LedgerChange): Promise<void> {
    const summed = sum(tallies);
    await pipelined(
      ...(rows.length > 0 ? [this.saveRows(rows)] : []),
      ...(loops.length > 0 ? [this.saveLoops(loops)] : []),
      ...(summed.length > 0 ? [this.manager.query(tallyStatement(1), tallyParameters(summed))] : []),
    );
  }

  private async saveRows(rows: readonly LedgerRow[]): Promise<void> {
    const entries = rows.map(({ entry }) => entry);
    await this.manager.query(
      `with entry as (
         select * from unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                              $9::text[], $10::int[], $11::text[])
           as given (feedback_id, settled_revision, settlement, outcome, loop_id, team, sentiment, resolved, dead,
                     dead_revision, trail)),
       entered as (
         update feedback set
           settled_revision = entry.settled_revision, outcome = entry.outcome, loop_id = entry.loop_id, team = entry.team,
           sentiment = entry.sentiment, resolved = entry.resolved, dead = entry.dead, dead_revision = entry.dead_revision,
           settled_at = case when feedback.settlement < entry.settlement then now() else settled_at end,
           settlement = entry.settlement,
           trail = left(concat_ws(E'\\n', entry.trail, feedback.trail), ${maxTrails})
         from entry where feedback.feedback_id = entry.feedback_id
         returning feedback.accepted_at,
           feedback.settled_revision >= feedback.accepted_revision or feedback.dead_revision >= feedback.accepted_revision
             as settled)
       insert into ledger_progress (slot, settled_at, settled_up_to)
       select (pg_backend_pid() % 256)::smallint, now(), max(accepted_at) from entered where settled having count(*) > 0
       on conflict (slot) do update set
         settled_at = greatest(ledger_progress.settled_at, excluded.settled_at),
         settled_up_to = greatest(ledger_progress.settled_up_to, excluded.settled_up_to)`,
      [
        rows.map(({ feedbackId }) => feedbackId),
        entries.map(({ settledRevision }) => settledRevision),
        entries.map(({ settlement }) => settlement),
        entries.map(({ outcome }) => outcome ?? null),
        entries.map(({ loopId }) => loopId ?? null),
        entries.map(({ team }) => team ?? null),
        entries.map(({ sentiment }) => sentiment ?? null),
        entries.map(({ resolved }) => formatRevisions(resolved)),
        entries.map(({ dead }) => formatRevisions(dead)),
        entries.map(openLetterOf),
        rows.map(({ trail }) => trail ?? null),
      ],
    );
  }

  private async saveLoops(loops: LedgerChange['loops']): Promise<void> {
    const standings = loops.map(({ standing }) => standing);
    const saved = await this.manager.query<{ known: boolean }[]>(
      `with heard as (
         select * from unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[],
                              $8::timestamptz[], $9::boolean[])
           as given (loop_id, version, state, cycle, team, priority, source, changed_at, known)),
       moved as (
         update loop_state set
           version = heard.version, state = heard.state, cycle = heard.cycle, team = heard.team,
           priority = heard.priority, source = heard.source, changed_at = heard.changed_at
         from heard where heard.known and loop_state.loop_id = heard.loop_id
         returning 1),
       first as (
         insert into loop_state (loop_id, version, state, cycle, team, priority, source, changed_at)
         select loop_id, version, state, cycle, team, priority, source, changed_at
         from heard where not known order by loop_id
         on conflict (loop_id) do nothing
         returning 1)
       select true as known from moved union all select false from first`,
      [
        loops.map(({ loopId }) => loopId),
        standings.map(({ version }) => version),
        standings.map(({ state }) => state),
        standings.map(({ cycle }) => cycle),
        standings.map(({ team }) => team),
        standings.map(({ priority }) => priority),
        standings.map(({ source }) => source ?? ''),
        standings.map(({ changedAt }) => changedAt),
        loops.map(({ known }) => known),
      ],
    );
    // A loop's events come by one partition, so only a replay can be first elsewhere: the batch is tried again.
    if (saved.length < loops.length) throw new Error('a loop was entered by another transaction at the same time');
  }
}

const ledgerRow = (row: LockedRow): LedgerRow => {
  const entry: LedgerEntry = {
    settledRevision: row.settled_revision,
    settlement: row.settlement,
    ...(row.outcome !== null && { outcome: row.outcome }),
    ...(row.loop_id !== null && { loopId: row.loop_id }),
    ...(row.team !== null && { team: row.team }),
    ...(row.sentiment !== null && { sentiment: row.sentiment }),
    resolved: parseRevisions(row.resolved),
    dead: parseRevisions(row.dead),
  };
  return { feedbackId: row.feedback_id, source: row.source, acceptedRevision: row.accepted_revision, entry };
};

/** One row a count; a row cannot be changed twice by one statement. */
const sum = (tallies: readonly Tally[]): Tally[] => {
  const sums = new Map<string, Tally>();
  for (const tally of tallies) {
    const { count, ...what } = tally;
    const name = JSON.stringify(Object.entries(what).sort());
    sums.set(name, { ...tally, count: (sums.get(name)?.count ?? 0) + count });
  }
  return [...sums.values()].filter(({ count }) => count !== 0);
};

/** A header that anyone may have written, as a text column can hold it. */
const plain = (text: string): string => text.replaceAll('\0', '').toWellFormed().slice(0, 100);
