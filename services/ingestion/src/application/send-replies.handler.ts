import { Injectable, Logger } from '@nestjs/common';
import { describeError } from '@closeloop/platform';
import { nextTryOf, type ClaimedReply, type FailureReason, type Sending } from '../domain/reply.js';
import { ReplySenders } from '../domain/reply-senders.js';
import { ReplyStore } from '../domain/reply-store.js';
import { ReplyFiles } from '../domain/reply-files.js';
import { ReplyWebhooks } from '../domain/reply-webhooks.js';
import { RepliesConfig } from '../replies.config.js';

/** Most replies that are under way at once, in each replica. */
const mostAtOnce = 16;
/** Of one source so many are claimed at a time, and no more while they are under way: one that hangs keeps no other from its way. */
const mostOfSource = 4;
/** Longer than any try takes; after a crash its replies are tried again when this is over. */
const leaseMs = 60_000;
/** How long a stop waits for answers; well within what a server's own closing may take. */
const stopPatienceMs = 3_000;

/** Sends what is due by the sender of its source. */
@Injectable()
export class SendReplies {
  private readonly logger = new Logger('Replies');
  private readonly underWay = new Map<Promise<void>, string>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly store: ReplyStore,
    private readonly senders: ReplySenders,
    private readonly files: ReplyFiles,
    private readonly webhooks: ReplyWebhooks,
    private readonly config: RepliesConfig,
  ) {}

  /** Milliseconds until there is something to begin; below 0: since when there is. undefined: nothing waits. */
  async untilNext(): Promise<number | undefined> {
    return this.underWay.size >= mostAtOnce ? undefined : this.store.untilNext(this.busySources());
  }

  /** Begins what is due, as far as there is room, and answers how many these are; `done` hears of each what came of it. */
  async begin(done: (result: Sending['kind']) => void = () => undefined): Promise<number> {
    const room = Math.min(mostOfSource, mostAtOnce - this.underWay.size);
    if (room <= 0) return 0;
    const claimed = await this.store.claim(room, leaseMs, this.busySources());
    for (const reply of claimed) {
      const sending = this.one(reply)
        // its claim ends by itself, and it is tried again
        .catch((error: unknown) => this.logger.warn(`Reply ${reply.replyId}: ${describeError(error)}`))
        .then((result) => {
          this.underWay.delete(sending);
          if (result) done(result);
        });
      this.underWay.set(sending, reply.source);
    }
    return claimed.length;
  }

  /** For a stop: until nothing is under way. Who does not answer soon is asked again by whoever comes next. */
  async finish(): Promise<void> {
    const patience = setTimeout(() => this.stopping.abort(), stopPatienceMs);
    await Promise.all(this.underWay.keys());
    clearTimeout(patience);
  }

  private busySources(): string[] {
    const counts = new Map<string, number>();
    for (const source of this.underWay.values()) counts.set(source, (counts.get(source) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= mostOfSource).map(([source]) => source);
  }

  private async one(reply: ClaimedReply): Promise<Sending['kind']> {
    const sending = await this.send(reply);
    if (sending.kind !== 'again') {
      await this.store.settle(reply, sending);
      return sending.kind;
    }
    const policy = {
      firstPauseMs: this.config.replyRetrySeconds * 1000,
      giveUpAfterMs: this.config.replyGiveUpSeconds * 1000,
    };
    const next = (now: Date): Date | undefined => nextTryOf(reply, now, policy, Math.random(), sending.afterMs);
    const failed = await this.store.postpone(reply, next, sending.message);
    if (failed) this.logger.warn(`Reply ${reply.replyId} of ${reply.source} was given up: ${sending.message}`);
    return failed ? 'failed' : 'again';
  }

  private async send(reply: ClaimedReply): Promise<Sending> {
    const { request, source, attempts } = reply;
    const failed = (reason: FailureReason, message: string): Sending => ({ kind: 'failed', reason, message });
    if (!request) return failed('erased', 'Its words were erased before it was sent.');
    try {
      const sender = await this.senders.senderOf(source);
      if (!sender) return failed('no-sender', `Nobody sends replies for ${source} any more.`);
      if (sender.kind === 'webhook') return await this.webhooks.send(sender, request, this.stopping.signal);
      if (!this.files.isOn) return failed('no-sender', 'No folder for replies is set (INGESTION_REPLIES_DIR).');
      // only a try that may have been cut off can have written it already
      await this.files.append(request, attempts > 1);
      return { kind: 'sent' };
    } catch (error) {
      return { kind: 'again', message: describeError(error) };
    }
  }
}
