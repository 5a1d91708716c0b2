import { Injectable } from '@nestjs/common';
import { type LoopChanged, type ReplyRequested } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { In, type EntityManager } from 'typeorm';
import { type Loop } from '../domain/loop.js';
import { type GivenAnswer, type Reply } from '../domain/reply.js';
import { ReplyStore, type ReplyTransaction } from '../domain/reply-store.js';
import { type Step } from '../domain/settlement.js';
import { stepKey, type InboxEvent } from '../domain/team-inbox.js';
import { everyStepOf, lockLoopRows } from './archive.statement.js';
import { skipUnsaid } from './follow-up.statement.js';
import { settleByReplies } from './notice.statement.js';
import { loopOf } from './loop.entity.js';
import { appendHistory, writeLoops, type Move } from './loop.statement.js';
import { ReplyEntity, replyOfRow } from './reply.entity.js';
import { KeptSlaBook } from './sla-book.repository.js';
import { inboxEventsOf } from './step.statement.js';
import { toldOf, type ToldRow } from './settlement.repository.js';

@Injectable()
export class ReplyRepository extends ReplyStore {
  constructor(
    private readonly book: KeptSlaBook,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override within(transaction: object): ReplyTransaction {
    return new PostgresReplies(transaction as EntityManager, this.book, this.outbox);
  }
}

class PostgresReplies implements ReplyTransaction {
  constructor(
    private readonly tx: EntityManager,
    private readonly book: KeptSlaBook,
    private readonly outbox: Outbox,
  ) {}

  async lock(replyIds: readonly string[]): Promise<{ replies: Reply[]; loops: Loop[] }> {
    // what was settled moves no loop any more; what is told of it again is read where it lies
    const waiting = await this.tx.query<{ loop_id: string }[]>(
      `select distinct loop_id from reply where reply_id = any($1::uuid[]) and state = 'requested'`,
      [replyIds],
    );
    const loops = await lockLoopRows(
      this.tx,
      waiting.map(({ loop_id }) => loop_id),
    );
    const replies = await this.tx.find(ReplyEntity, {
      where: { replyId: In([...replyIds]) },
      order: { replyId: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    return { replies: replies.map(replyOfRow), loops: await this.book.withTerms(this.tx, loops.map(loopOf)) };
  }

  async answersOf(loopIds: readonly string[]): Promise<Map<string, GivenAnswer[]>> {
    const rows = await this.tx.query<(Omit<GivenAnswer, 'workedMs'> & { loopId: string; workedMs: number | null })[]>(
      `select h.loop_id "loopId", h.version, h.cycle, h.at, coalesce(r.state = 'failed', false) failed,
          (h.detail->>'workedMs')::float8 "workedMs"
        from loop_history h left join reply r on r.loop_id = h.loop_id and r.version = h.version
        where h.loop_id = any($1::uuid[]) and h.change = 'responded' order by h.loop_id, h.version`,
      [loopIds],
    );
    const answers = new Map<string, GivenAnswer[]>();
    for (const { loopId, workedMs, ...answer } of rows) {
      const given = { ...answer, ...(workedMs !== null && { workedMs }) };
      answers.set(loopId, [...(answers.get(loopId) ?? []), given]);
    }
    return answers;
  }

  async save(
    moved: readonly Move[],
    steps: readonly Step[],
    settled: readonly { readonly reply: Reply; readonly version?: number }[],
  ): Promise<void> {
    await writeLoops(this.tx, [], moved, this.book);
    await appendHistory(this.tx, steps, this.book);
    await this.tx.query(
      `update reply r set state = n.state, settled_at = n.settled_at, reason = n.reason, message = n.message,
          external_id = n.external_id, noted_version = n.noted_version
        from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::int[])
          n(reply_id, state, settled_at, reason, message, external_id, noted_version)
        where r.reply_id = n.reply_id`,
      [
        settled.map(({ reply }) => reply.replyId),
        settled.map(({ reply }) => reply.state),
        settled.map(({ reply }) => reply.settledAt!.toISOString()),
        settled.map(({ reply }) => reply.reason ?? null),
        settled.map(({ reply }) => reply.message ?? null),
        settled.map(({ reply }) => reply.externalId ?? null),
        settled.map(({ version }) => version ?? null),
      ],
    );
    const unsaid = settled.filter(({ reply: { kind, state } }) => kind === 'follow-up' && state === 'failed');
    await skipUnsaid(
      this.tx,
      unsaid.map(({ reply }) => reply.replyId),
    );
    await settleByReplies(
      this.tx,
      this.outbox,
      settled.map(({ reply }) => reply),
    );
  }

  async openOf(feedbackIds: readonly string[]): Promise<ReplyRequested[]> {
    const rows = await this.tx.query<
      (Omit<ReplyRequested, 'at' | 'externalId' | 'language'> & {
        at: Date;
        externalId: string | null;
        language: string | null;
      })[]
    >(
      `select r.reply_id "replyId", r.kind, r.loop_id "loopId", r.feedback_id "feedbackId", r.revision, f.source,
          heard.body->'feedback'->>'externalId' "externalId", r.channel, r.language, said.body->>'text' "text",
          r.requested_at "at"
        from reply r
          join feedback f on f.feedback_id = r.feedback_id
          join words said on said.loop_id = r.loop_id and said.version = r.version and said.kind = 'response'
          left join words heard on heard.words_id = r.feedback_id and heard.kind = 'feedback'
        where r.feedback_id = any($1::uuid[]) and r.state = 'requested' order by r.requested_at, r.reply_id`,
      [feedbackIds],
    );
    return rows.map(({ at, externalId, language, ...row }) => ({
      ...{ ...row, at: at.toISOString() },
      ...(externalId !== null && { externalId }),
      ...(language !== null && { language }),
    }));
  }

  async inboxOf(changes: readonly LoopChanged[]): Promise<Map<string, InboxEvent[]>> {
    const inbox = new Map<string, InboxEvent[]>();
    const once = new Map(changes.map((changed) => [stepKey(changed), changed]));
    for (const event of await inboxEventsOf(this.tx, [...once.values()])) {
      const key = stepKey(event.data);
      inbox.set(key, [...(inbox.get(key) ?? []), event]);
    }
    return inbox;
  }

  async toldOf(replyIds: readonly string[]): Promise<Map<string, LoopChanged>> {
    const rows = await this.tx.query<(ToldRow & { replyId: string })[]>(
      `select r.reply_id "replyId", h.loop_id "loopId", h.version, h.at, h.change,
          h.actor_kind "actorKind", h.actor_id "actorId", h.state, h.cycle, h.level, h.team, h.priority, h.owner, h.clocks
        from reply r join lateral ${everyStepOf('r.loop_id')} h on h.version = r.noted_version
        where r.reply_id = any($1::uuid[])`,
      [replyIds],
    );
    return new Map(
      rows.map((row) => {
        // no feedback was settled by it
        const { feedback: _none, ...told } = toldOf(row);
        return [row.replyId, told];
      }),
    );
  }
}

/** Keeps what is asked for, in one statement. */
export async function insertReplies(tx: EntityManager, replies: readonly Reply[]): Promise<void> {
  if (replies.length === 0) return;
  await tx.query(
    `insert into reply (reply_id, kind, loop_id, version, cycle, feedback_id, revision, channel, language, requested_at, state)
      select *, 'requested' from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::int[], $6::uuid[], $7::int[],
        $8::text[], $9::text[], $10::timestamptz[])`,
    [
      replies.map(({ replyId }) => replyId),
      replies.map(({ kind }) => kind),
      replies.map(({ loopId }) => loopId),
      replies.map(({ version }) => version ?? null),
      replies.map(({ cycle }) => cycle),
      replies.map(({ feedbackId }) => feedbackId),
      replies.map(({ revision }) => revision),
      replies.map(({ channel }) => channel),
      replies.map(({ language }) => language ?? null),
      replies.map(({ requestedAt }) => requestedAt.toISOString()),
    ],
  );
}
