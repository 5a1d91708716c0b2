import { replyFailed, replySent, type ReplyFailed, type ReplySent } from '@closeloop/contracts';
import { drop, EffectContext, ok, Outbox, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { RecordReplies } from '../application/record-replies.handler.js';
import { outgoing } from '../domain/loop-changed.js';
import { stepKey } from '../domain/team-inbox.js';
import { ReplyStore } from '../domain/reply-store.js';

/** Whether what was to be said to customers reached them. */
@Controller()
export class ReplyResultsConsumer {
  constructor(
    private readonly store: ReplyStore,
    private readonly handler: RecordReplies,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(replySent.topic)
  sent(@Payload() events: IncomingEvent<ReplySent>[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(events, context);
  }

  @EventPattern<string>(replyFailed.topic)
  failed(@Payload() events: IncomingEvent<ReplyFailed>[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(events, context);
  }

  private async record(
    events: readonly IncomingEvent<ReplySent | ReplyFailed>[],
    { transaction, now }: EffectContext,
  ): Promise<Outcome[]> {
    this.outbox.assertRoom();
    const replies = this.store.within(transaction);
    const told = await this.handler.handle(events, replies, now);
    const inbox = await replies.inboxOf(told.flatMap((changes) => changes ?? []));
    return told.map((changes) =>
      changes
        ? ok<object>(...changes.flatMap((changed) => [outgoing(changed), ...(inbox.get(stepKey(changed)) ?? [])]))
        : drop('a reply that nobody asked for here'),
    );
  }
}
