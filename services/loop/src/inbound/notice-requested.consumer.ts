import { noticeRequested, type NoticeRequested } from '@closeloop/contracts';
import { EffectContext, ok, Outbox, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { TellCustomers } from '../application/tell-customers.handler.js';
import { outgoingSettlement } from '../domain/notice.js';

/** Customers who are to be told of an improvement. */
@Controller()
export class NoticeRequestedConsumer {
  constructor(
    private readonly handler: TellCustomers,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(noticeRequested.topic)
  async request(
    @Payload() events: IncomingEvent<NoticeRequested>[],
    @Ctx() { transaction, now }: EffectContext,
  ): Promise<Outcome[]> {
    this.outbox.assertRoom();
    const requested = events.map(({ data }) => data);
    const settled = await this.handler.request(transaction, requested, now);
    const byId = new Map(settled.map((one) => [one.noticeId, one]));
    return requested.map(({ noticeId }) => {
      const known = byId.get(noticeId);
      return known ? ok(outgoingSettlement(known)) : ok();
    });
  }
}
