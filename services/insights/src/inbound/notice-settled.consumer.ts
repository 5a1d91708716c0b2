import { noticeSettled, type NoticeSettled } from '@closeloop/contracts';
import { drop, EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { NoticeRecord } from '../domain/notice-record.js';

/** What became of telling the customers of an improvement. */
@Controller()
export class NoticeSettledConsumer {
  constructor(private readonly record: NoticeRecord) {}

  @EventPattern<string>(noticeSettled.topic)
  async settle(
    @Payload() events: IncomingEvent<NoticeSettled>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    const known = await this.record.settle(
      transaction,
      events.map(({ data }) => data),
    );
    return known.map((one) => (one ? ok() : drop('a notice that nobody asked for here')));
  }
}
