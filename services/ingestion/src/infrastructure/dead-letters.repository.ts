import { isUtf8 } from 'node:buffer';
import { replayGroupHeader, resendHeader } from '@closeloop/contracts';
import { Outbox, textHeaders, unpackHeaders, type WireHeaders } from '@closeloop/messaging';
import { AuditLog, personal } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Actor, nameOf } from '../domain/actor.js';
import {
  DeadLetters,
  type LetterFilter,
  type LetterPlace,
  type LetterStanding,
  type LetterState,
  type LetterTransaction,
  type LetterView,
  type Shown,
  type WholeLetter,
} from '../domain/dead-letters.js';
import { silentGroups, silentTopics } from '../domain/letter.js';
import { resendOf } from '../domain/letter-replay.js';

interface LetterRow {
  id: string;
  feedback_id: string | null;
  revision: number | null;
  source: string | null;
  topic: string;
  partition: number;
  offset: string;
  group: string;
  reason: string;
  attempts: number;
  died_at: Date;
  state: LetterState;
  settled_at: Date | null;
  replayed_at: Date | null;
  replayed_by: string | null;
  replays: number;
  failed_as: string | null;
  discarded_at: Date | null;
  discarded_by: string | null;
  discard_reason: string | null;
  message: string | null;
}

/** What a letter holds, as it is kept. */
interface ContentRow {
  key: Buffer | null;
  body: Buffer | null;
  details: string | null;
}

const letterStateColumn = `
  case when settled_at is not null then 'settled' when discarded_at is not null then 'discarded'
    when replayed_at is not null then 'replayed' else 'open' end`;

const columns = `
  letter.letter_id as id, letter.feedback_id, letter.revision, letter.source, letter.topic, letter."partition",
  letter."offset", letter."group", letter.reason, letter.attempts, letter.died_at, letter.settled_at, letter.replayed_at,
  letter.replayed_by, letter.replays, letter.failed_as, letter.discarded_at, letter.discarded_by, letter.discard_reason`;

const body = `
  left join feedback_body body
    on body.feedback_id = coalesce(letter.feedback_id, letter.letter_id) and body.part = letter.letter_id::text`;

/** What each state is by its columns, so that the index of what is not settled is used. */
const stateIs: Record<LetterState, string> = {
  open: 'settled_at is null and discarded_at is null and replayed_at is null',
  replayed: 'settled_at is null and discarded_at is null and replayed_at is not null',
  discarded: 'settled_at is null and discarded_at is not null',
  settled: 'settled_at is not null',
};

/** The filter as SQL on `dead_letter letter`. */
function whereOf(filter: LetterFilter, after: LetterPlace | undefined): { where: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const conditions: string[] = [];
  const is = (condition: (place: string) => string, value: unknown): void => {
    if (value === undefined) return;
    parameters.push(value);
    conditions.push(condition(`$${parameters.length}`));
  };
  for (const column of ['topic', 'group', 'reason', 'source'] as const)
    is((place) => `letter."${column}" = ${place}`, filter[column]);
  is((place) => `letter.feedback_id = ${place}`, filter.feedbackId);
  is((place) => `letter.died_at >= ${place}`, filter.from);
  is((place) => `letter.died_at < ${place}`, filter.to);
  if (filter.state) conditions.push(stateIs[filter.state]);
  if (after) {
    is((place) => `(letter.died_at, letter.letter_id) > (${place}, $${parameters.length + 1}::uuid)`, after.diedAt);
    parameters.push(after.id);
  }
  return { where: conditions.length > 0 ? `where ${conditions.join(' and ')}` : '', parameters };
}

@Injectable()
export class DeadLettersRepository extends DeadLetters {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override async page(filter: LetterFilter, after: LetterPlace | undefined, limit: number): Promise<LetterView[]> {
    const { where, parameters } = whereOf(filter, after);
    // The message is taken out of the details here: Postgres refuses to take one out that has a NUL.
    const rows = await this.dataSource.query<(LetterRow & { details: string | null })[]>(
      `select page.*, ${letterStateColumn} as state, body.details
       from (select ${columns}, letter.letter_id from dead_letter letter ${where}
             order by letter.died_at, letter.letter_id limit $${parameters.length + 1}) page
       left join feedback_body body
         on body.feedback_id = coalesce(page.feedback_id, page.letter_id) and body.part = page.letter_id::text
       order by page.died_at, page.letter_id`,
      [...parameters, limit],
    );
    return rows.map((row) => viewOf({ ...row, message: detailsOf(row.details)?.message ?? null }));
  }

  override async count(filter: LetterFilter, after: LetterPlace | undefined): Promise<number> {
    const { where, parameters } = whereOf(filter, after);
    const [row] = await this.dataSource.query<[{ count: number }]>(
      `select count(*)::int as count from dead_letter letter ${where}`,
      parameters,
    );
    return row.count;
  }

  override async one(id: string): Promise<WholeLetter | undefined> {
    const [row] = await this.dataSource.query<
      (LetterRow & { key: Buffer | null; value_bytes: number | null; details: string | null })[]
    >(
      `select ${columns}, ${letterStateColumn} as state, body.key, body.details, octet_length(body.body) as value_bytes
       from dead_letter letter ${body} where letter.letter_id = $1`,
      [id],
    );
    if (!row) return undefined;
    const details = detailsOf(row.details);
    return {
      ...viewOf({ ...row, message: details?.message ?? null }),
      ...(details?.stack !== undefined && { stack: details.stack }),
      key: row.key && shown(row.key),
      headers: details ? textHeaders(details.headers) : {},
      valueBytes: row.value_bytes,
      erased: details === undefined,
    };
  }

  override async value(id: string, actor: Actor): Promise<Shown | null> {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<ContentRow[]>(
        `select body.body from dead_letter letter ${body} where letter.letter_id = $1`,
        [id],
      );
      await this.audit.append(manager, { actor, action: 'dead-letter.read', resource: { kind: 'dead-letter', id } });
      return row?.body ? shown(row.body) : null;
    });
  }

  override transaction<T>(work: (transaction: LetterTransaction) => Promise<T>): Promise<T> {
    return this.dataSource.transaction((manager) => work(new PostgresLetters(manager, this.outbox, this.audit)));
  }

  override isFull(): boolean {
    return this.outbox.isFull();
  }

  override wake(): void {
    this.outbox.wake();
  }
}

class PostgresLetters implements LetterTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {}

  async lock(ids: readonly string[]): Promise<Map<string, LetterStanding>> {
    const rows = await this.manager.query<
      { id: string; state: LetterState; replayed_at: Date | null; failed_as: string | null; bytes: number | null }[]
    >(
      `select letter.letter_id as id, ${letterStateColumn} as state, letter.replayed_at, letter.failed_as,
         (select octet_length(details) + coalesce(octet_length(body), 0) + coalesce(octet_length(key), 0)
          from feedback_body where feedback_id = coalesce(letter.feedback_id, letter.letter_id)
            and part = letter.letter_id::text) as bytes
       from dead_letter letter where letter.letter_id = any($1::uuid[]) order by letter.letter_id for update`,
      [ids],
    );
    return new Map(
      rows.map(({ id, state, replayed_at: at, failed_as: failedAs, bytes }) => [
        id,
        {
          id,
          state,
          replayed: at !== null,
          ...(failedAs !== null && { failedAs }),
          erased: bytes === null,
          bytes: bytes ?? 0,
        },
      ]),
    );
  }

  async resend(letters: readonly LetterStanding[], actor: Actor): Promise<void> {
    if (letters.length === 0) return;
    const ids = letters.map(({ id }) => id);
    const rows = await this.manager.query<(ContentRow & { id: string; topic: string; group: string })[]>(
      `select letter.letter_id as id, letter.topic, letter."group", body.key, body.body, body.details
       from dead_letter letter ${body} where letter.letter_id = any($1::uuid[])
       order by letter.died_at, letter.letter_id`,
      [ids],
    );
    await this.outbox.appendMessages(
      this.manager,
      rows.map(({ id, topic, group, key, body: value, details }) => ({
        topic,
        key,
        value,
        headers: {
          ...detailsOf(details)!.headers,
          [replayGroupHeader]: group,
          [resendHeader]: resendOf(id),
        },
      })),
    );
    await this.manager.query(
      `update dead_letter set replayed_at = now(), replayed_by = $2, replays = replays + 1, failed_as = null,
         discarded_at = null, discarded_by = null, discard_reason = null
       where letter_id = any($1::uuid[])`,
      [ids, nameOf(actor)],
    );
    await this.manager.query(
      `with recursive settled as (
         select letter_id from dead_letter where letter_id = any($1::uuid[])
             and ("group" = any($2::text[]) or topic = any($3::text[]))
         union select before.letter_id from dead_letter before join settled on before.failed_as = settled.letter_id)
       update dead_letter set settled_at = now() from settled where dead_letter.letter_id = settled.letter_id`,
      [ids, silentGroups, silentTopics],
    );
    await this.audit.append(
      this.manager,
      ...letters.map(({ id, state }) => ({
        ...{ actor, action: 'dead-letter.replayed', resource: { kind: 'dead-letter', id } },
        ...{ before: { state }, after: { state: 'replayed' } },
      })),
    );
  }

  async discard(letters: readonly LetterStanding[], actor: Actor, reason: string): Promise<void> {
    if (letters.length === 0) return;
    const ids = letters.map(({ id }) => id);
    await this.manager.query(
      `update dead_letter set discarded_at = now(), discarded_by = $2, discard_reason = $3
       where letter_id = any($1::uuid[])`,
      [ids, nameOf(actor), reason],
    );
    await this.audit.append(
      this.manager,
      ...letters.map(({ id, state }) => ({
        ...{ actor, action: 'dead-letter.discarded', resource: { kind: 'dead-letter', id } },
        ...{ before: { state }, after: { state: 'discarded', reason: personal(reason) } },
      })),
    );
  }
}

interface Details {
  readonly headers: WireHeaders;
  readonly message: string;
  readonly stack?: string;
}

/** What RecordDeadLetters wrote; undefined once it was erased. */
export function detailsOf(text: string | null): Details | undefined {
  if (text === null) return undefined;
  const { headers, ...details } = JSON.parse(text) as { headers: object; message: string; stack?: string };
  return { ...details, headers: unpackHeaders(Buffer.from(JSON.stringify(headers))) };
}

const shown = (bytes: Buffer): Shown =>
  isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') };

function viewOf(row: LetterRow): LetterView {
  return {
    id: row.id,
    ...(row.feedback_id !== null && { feedbackId: row.feedback_id }),
    ...(row.revision !== null && { revision: row.revision }),
    ...(row.source !== null && { source: row.source }),
    ...{ topic: row.topic, partition: row.partition, offset: row.offset, group: row.group, reason: row.reason },
    message: row.message ?? '',
    attempts: row.attempts,
    diedAt: row.died_at.toISOString(),
    state: row.state,
    ...(row.settled_at && { settledAt: row.settled_at.toISOString() }),
    ...(row.replayed_at && {
      replay: {
        at: row.replayed_at.toISOString(),
        by: row.replayed_by!,
        times: row.replays,
        became: row.settled_at ? 'settled' : row.failed_as === null ? 'under-way' : 'failed-again',
        ...(row.failed_as !== null && { failedAs: row.failed_as }),
      },
    }),
    ...(row.discarded_at && {
      discarded: { at: row.discarded_at.toISOString(), by: row.discarded_by!, reason: row.discard_reason! },
    }),
  };
}
