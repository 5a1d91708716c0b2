import { replyRequested, resendHeader, type ReplyRequested } from '@closeloop/contracts';
import { EffectContext, ok, Outbox, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { TakeReplyRequests } from '../application/take-reply-requests.handler.js';
import { LedgerStore } from '../domain/ledger-store.js';
import { replayedLetterOf } from '../domain/letter-replay.js';
import { ReplyStore } from '../domain/reply-store.js';
import { outgoingResult } from '../domain/reply-told.js';

/** Replies that are to be sent by the connector of their source. */
@Controller()
export class ReplyRequestedConsumer {
  constructor(
    private readonly store: ReplyStore,
    private readonly ledger: LedgerStore,
    private readonly handler: TakeReplyRequests,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(replyRequested.topic)
  async take(
    @Payload() events: IncomingEvent<ReplyRequested>[],
    @Ctx() { transaction, now }: EffectContext,
  ): Promise<Outcome[]> {
    this.outbox.assertRoom();
    const told = await this.handler.handle(this.store.within(transaction), events, now);
    const replayed = events.flatMap(({ headers }) => replayedLetterOf(headers[resendHeader]) ?? []);
    if (replayed.length > 0) await this.ledger.within(transaction).settleReplayed(replayed);
    return told.map((settled) => (settled ? ok(outgoingResult(settled)) : ok()));
  }
}
