import { Injectable } from '@nestjs/common';
import { type LoopChanged, type ReplyFailed, type ReplySent } from '@closeloop/contracts';
import { stepTaken } from '../domain/loop-changed.js';
import { decide, evolve, Refusal, type Loop, type LoopCommand } from '../domain/loop.js';
import { lostAnswerOf, type GivenAnswer, type Reply } from '../domain/reply.js';
import { type ReplyTransaction } from '../domain/reply-store.js';
import { type Step } from '../domain/settlement.js';
import { SlaBook } from '../domain/sla/sla-book.js';

/** What came of a reply, and whether it is sent for a second time on purpose. */
export interface ReplyResult {
  readonly data: ReplySent | ReplyFailed;
  readonly replayed: boolean;
}

/** Notes in each loop whether what was to be said reached its customer; the first word on a reply counts. */
@Injectable()
export class RecordReplies {
  constructor(private readonly book: SlaBook) {}

  /** For each result what is to be told; undefined: nobody here has asked for that reply. */
  async handle(
    batch: readonly ReplyResult[],
    tx: ReplyTransaction,
    now: Date,
  ): Promise<(readonly LoopChanged[] | undefined)[]> {
    const found = await tx.lock([...new Set(batch.map(({ data }) => data.replyId))]);
    const replies = new Map(found.replies.map((reply) => [reply.replyId, reply]));
    const before = new Map(found.loops.map((loop) => [loop.loopId, loop]));
    const loops = new Map(before);
    const failing = batch.flatMap(({ data }) => ('reason' in data ? (replies.get(data.replyId)?.loopId ?? []) : []));
    const answers = failing.length > 0 ? await tx.answersOf([...new Set(failing)]) : new Map<string, GivenAnswer[]>();
    const isKnown = ({ data, replayed }: ReplyResult): boolean =>
      replayed && replies.get(data.replyId)?.state !== 'requested';
    const known = batch.filter(isKnown).map(({ data }) => data.replyId);
    const told = known.length > 0 ? await tx.toldOf([...new Set(known)]) : new Map<string, LoopChanged>();

    const steps: Step[] = [];
    const settled: { reply: Reply; version?: number }[] = [];
    const outcomes = batch.map((result): readonly LoopChanged[] | undefined => {
      const { data } = result;
      const reply = replies.get(data.replyId);
      if (!reply) return undefined;
      if (reply.state !== 'requested') {
        const said = isKnown(result) ? told.get(reply.replyId) : undefined;
        return said ? [said] : [];
      }
      if (reply.kind === 'notice' && 'reason' in data) {
        // nobody has to act: it goes another way, or is counted with its improvement
        const done = settledReply(reply, data);
        replies.set(reply.replyId, done);
        settled.push({ reply: done });
        return [];
      }
      const loop = loops.get(reply.loopId)!;
      const decided = decide(
        loop,
        commandOf(data, reply, answers.get(reply.loopId) ?? [], now),
        this.book.termsOf(loop),
      );
      if (decided instanceof Refusal) throw new Error(`what came of a reply can always be noted: ${decided.message}`);
      let after: Loop = loop;
      const taken = decided.map((event) => ({ event, loop: (after = evolve(after, event)) }));
      loops.set(loop.loopId, after);
      steps.push(...taken);
      const done = settledReply(reply, data);
      replies.set(reply.replyId, done);
      settled.push({ reply: done, version: after.version });
      if (done.state === 'failed') {
        const others = answers.get(loop.loopId) ?? [];
        answers.set(
          loop.loopId,
          others.map((answer) => (answer.version === reply.version ? { ...answer, failed: true } : answer)),
        );
      }
      return taken.map((step) => stepTaken(step, this.book));
    });
    if (settled.length > 0) {
      const moved = [...loops.values()].flatMap((loop) => {
        const was = before.get(loop.loopId)!;
        return was === loop ? [] : [{ before: was, loop }];
      });
      await tx.save(moved, steps, settled);
    }
    return outcomes;
  }
}

function commandOf(
  data: ReplySent | ReplyFailed,
  { replyId, version }: Reply,
  answers: readonly GivenAnswer[],
  at: Date,
): LoopCommand {
  const by = { at, actor: { kind: 'system' } } as const;
  if (!('reason' in data)) return { ...by, type: 'reply-sent', replyId };
  const answer = version === undefined ? undefined : lostAnswerOf(answers, version);
  return { ...by, type: 'reply-failed', replyId, ...(answer && { answer }) };
}

const settledReply = (reply: Reply, data: ReplySent | ReplyFailed): Reply => ({
  ...reply,
  settledAt: new Date(data.at),
  ...('reason' in data
    ? { state: 'failed', reason: data.reason, message: data.message }
    : { state: 'sent', ...(data.externalId != null && { externalId: data.externalId }) }),
});
