import { loopChanged, type LoopChanged } from '@closeloop/contracts';
import { EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { NoteLoops } from '../application/note-loops.handler.js';

@Controller()
export class LoopChangedConsumer {
  constructor(private readonly noteLoops: NoteLoops) {}

  @EventPattern<string>(loopChanged.topic)
  async note(
    @Payload() events: readonly IncomingEvent<LoopChanged>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    await this.noteLoops.handle(
      events.map(({ data }) => data),
      transaction,
    );
    return events.map(() => ok());
  }
}
