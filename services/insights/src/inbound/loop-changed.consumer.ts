import { loopChanged, type LoopChanged } from '@closeloop/contracts';
import { EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { KeepLoops } from '../application/keep-loops.handler.js';
import { byRebuild } from './by-rebuild.js';

@Controller()
export class LoopChangedConsumer {
  constructor(private readonly keepLoops: KeepLoops) {}

  @EventPattern<string>(loopChanged.topic)
  async keep(
    @Payload() events: readonly IncomingEvent<LoopChanged>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    for (const [rebuild, part] of byRebuild(events)) await this.keepLoops.handle(part, transaction, rebuild);
    return events.map(() => ok());
  }
}
