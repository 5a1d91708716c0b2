import { loopChanged, type LoopChanged } from '@closeloop/contracts';
import { EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { whoseIs } from '../domain/whose.js';
import { WhoseStore } from '../domain/whose-store.js';

/** Whose feedback became and becomes: who may read and correct its tags. */
@Controller()
export class LoopChangedConsumer {
  constructor(private readonly store: WhoseStore) {}

  @EventPattern<string>(loopChanged.topic)
  async note(
    @Payload() events: readonly IncomingEvent<LoopChanged>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    await this.store.note(transaction, whoseIs(events.map(({ data }) => data)));
    return events.map(() => ok());
  }
}
