import { type ReplyRequested } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type ClaimedReply, type FailureReason, type ReplyResult } from '../domain/reply.js';
import { ReplyStore, type ReplyTransaction, type SettledReply } from '../domain/reply-store.js';
import { outgoingResult } from '../domain/reply-told.js';

/** Longest message that is kept of a failure. */
const maxMessage = 1000;

/** What one feedback is answered leaves in its order. */
const isFirst = `not exists (
  select 1 from reply earlier
  where earlier.feedback_id = reply.feedback_id and earlier.due_at is not null and earlier.place < reply.place)`;

/** Where the words of a reply lie in feedback_body. */
const partOf = (replyId: string): string => `reply:${replyId}`;

@Injectable()
export class ReplyRepository extends ReplyStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override within(transaction: object): ReplyTransaction {
    return new PostgresReplies(transaction as EntityManager);
  }

  override async untilNext(without: readonly string[]): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ wait: number }[]>(
      `select (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as wait
       from reply where due_at is not null and source <> all($1::text[]) and ${isFirst} order by due_at limit 1`,
      [without],
    );
    return row?.wait;
  }

  override async claim(limit: number, leaseMs: number, without: readonly string[]): Promise<ClaimedReply[]> {
    const rows = await this.dataSource.query<
      {
        reply_id: string;
        loop_id: string;
        feedback_id: string;
        source: string;
        asked_at: Date;
        attempts: number;
        body: Buffer | null;
      }[]
    >(
      `with due as (
         select reply_id from reply
         where due_at <= clock_timestamp() and source <> all($3::text[]) and ${isFirst}
         order by due_at limit $1 for update skip locked),
       claimed as (
         update reply set state = 'sending', attempts = attempts + 1,
           due_at = clock_timestamp() + $2::int * interval '1 ms'
         from due where reply.reply_id = due.reply_id returning reply.*)
       select claimed.reply_id, loop_id, claimed.feedback_id, source, asked_at, attempts, body.body
       from claimed left join feedback_body body
         on body.feedback_id = claimed.feedback_id and body.part = 'reply:' || claimed.reply_id
       order by place`,
      [limit, leaseMs, without],
    );
    return rows.map(({ body, ...row }) => ({
      ...{ replyId: row.reply_id, loopId: row.loop_id, feedbackId: row.feedback_id },
      ...{ source: row.source, askedAt: row.asked_at, attempts: row.attempts },
      ...(body && { request: JSON.parse(body.toString()) as ReplyRequested }),
    }));
  }

  override async settle(reply: ClaimedReply, result: ReplyResult): Promise<boolean> {
    const settled = await this.dataSource.transaction((manager) => this.settleWithin(manager, reply, result));
    this.outbox.wake();
    return settled;
  }

  override async postpone(
    reply: ClaimedReply,
    next: (now: Date) => Date | undefined,
    message: string,
  ): Promise<FailureReason | undefined> {
    const failed = await this.dataSource.transaction(async (manager): Promise<FailureReason | undefined> => {
      const [row] = await manager.query<{ now: Date }[]>('select clock_timestamp() as now');
      const at = next(row!.now);
      if (at) {
        await manager.query(
          `update reply set state = 'requested', due_at = $3, message = $4
           where reply_id = $1 and attempts = $2 and state = 'sending'`,
          [reply.replyId, reply.attempts, at, told(message)],
        );
        return undefined;
      }
      const result: ReplyResult = { kind: 'failed', reason: 'given-up', message };
      return (await this.settleWithin(manager, reply, result)) ? 'given-up' : undefined;
    });
    this.outbox.wake();
    return failed;
  }

  private async settleWithin(manager: EntityManager, reply: ClaimedReply, result: ReplyResult): Promise<boolean> {
    const { replyId, loopId, feedbackId, attempts } = reply;
    const kept: ReplyResult = result.kind === 'failed' ? { ...result, message: told(result.message) } : result;
    const { affected } = await manager.queryRunner!.query(
      `update reply set state = $3, due_at = null, settled_at = date_trunc('milliseconds', clock_timestamp()), reason = $4,
         message = $5, external_id = $6
       where reply_id = $1 and attempts = $2 and state = 'sending'`,
      [
        ...[replyId, attempts, kept.kind],
        ...(kept.kind === 'failed' ? [kept.reason, kept.message, null] : [null, null, kept.externalId ?? null]),
      ],
      true,
    );
    if (affected !== 1) return false;
    // whoever asked keeps the words; here they are needed no more
    await manager.query('delete from feedback_body where feedback_id = $1 and part = $2', [
      feedbackId,
      partOf(replyId),
    ]);
    const [row] = await manager.query<{ settled_at: Date }[]>('select settled_at from reply where reply_id = $1', [
      replyId,
    ]);
    await this.outbox.append(manager, [
      outgoingResult({ replyId, loopId, feedbackId, at: row!.settled_at, result: kept }),
    ]);
    return true;
  }
}

class PostgresReplies implements ReplyTransaction {
  constructor(private readonly manager: EntityManager) {}

  async take(requests: readonly ReplyRequested[], now: Date): Promise<Set<string>> {
    const rows = await this.manager.query<{ reply_id: string }[]>(
      `with taken as (
         insert into reply (reply_id, kind, source, loop_id, feedback_id, revision, asked_at, state, due_at, settled_at,
           reason, message)
         select given.reply_id, given.kind, given.source, loop_id, feedback_id, revision, $8,
           case when sender.source is null then 'failed' else 'requested' end,
           case when sender.source is not null then $8::timestamptz end,
           case when sender.source is null then $8::timestamptz end,
           case when sender.source is null then 'no-sender' end,
           case when sender.source is null then 'Nobody sends replies for ' || given.source || '.' end
         from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::int[]) with ordinality
             given (reply_id, kind, source, loop_id, feedback_id, revision, nth)
           left join reply_sender sender on sender.source = given.source
         order by nth
         on conflict (reply_id) do nothing
         returning reply_id, feedback_id, due_at),
       bodies as (
         insert into feedback_body (feedback_id, part, body)
         select feedback_id, 'reply:' || reply_id, convert_to(body, 'UTF8')
         from taken join unnest($1::uuid[], $7::text[]) given (reply_id, body) using (reply_id)
         where due_at is not null on conflict do nothing)
       select reply_id from taken`,
      [
        requests.map(({ replyId }) => replyId),
        requests.map(({ kind }) => kind),
        requests.map(({ source }) => source),
        requests.map(({ loopId }) => loopId),
        requests.map(({ feedbackId }) => feedbackId),
        requests.map(({ revision }) => revision),
        requests.map((request) => JSON.stringify(request)),
        now,
      ],
    );
    return new Set(rows.map((row) => row.reply_id));
  }

  async settled(replyIds: readonly string[]): Promise<Map<string, SettledReply>> {
    if (replyIds.length === 0) return new Map();
    const rows = await this.manager.query<
      {
        reply_id: string;
        loop_id: string;
        feedback_id: string;
        state: 'sent' | 'failed';
        settled_at: Date;
        reason: FailureReason | null;
        message: string | null;
        external_id: string | null;
      }[]
    >(
      `select reply_id, loop_id, feedback_id, state, settled_at, reason, message, external_id from reply
       where reply_id = any($1::uuid[]) and due_at is null`,
      [replyIds],
    );
    return new Map(
      rows.map((row) => [
        row.reply_id,
        {
          ...{ replyId: row.reply_id, loopId: row.loop_id, feedbackId: row.feedback_id, at: row.settled_at },
          result:
            row.state === 'sent'
              ? { kind: 'sent', ...(row.external_id !== null && { externalId: row.external_id }) }
              : { kind: 'failed', reason: row.reason!, message: row.message ?? '' },
        },
      ]),
    );
  }
}

/** As Postgres and the event can hold it. */
const told = (message: string): string =>
  message.replaceAll('\0', '').toWellFormed().slice(0, maxMessage).toWellFormed();
