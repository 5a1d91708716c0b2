import { feedbackRouted, type FeedbackRouted } from '@closeloop/contracts';
import { EffectContext, ok, Outbox, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { AskAgain } from '../application/ask-again.handler.js';
import { SayAgain } from '../application/say-again.handler.js';
import { SettleFeedback } from '../application/settle-feedback.handler.js';
import { outgoing } from '../domain/loop-changed.js';
import { inboxEvents, type RoutedWords } from '../domain/team-inbox.js';
import { outgoingRequest } from '../domain/reply.js';
import { SettlementStore } from '../domain/settlement-store.js';

/** Feedback that a rule has sent to a team. */
@Controller()
export class FeedbackRoutedConsumer {
  constructor(
    private readonly store: SettlementStore,
    private readonly handler: SettleFeedback,
    private readonly again: SayAgain,
    private readonly asking: AskAgain,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(feedbackRouted.topic)
  async settle(
    @Payload() events: IncomingEvent<FeedbackRouted>[],
    @Ctx() { transaction, now }: EffectContext,
  ): Promise<Outcome[]> {
    // every settlement is told: while nothing is sent, nothing more is taken
    this.outbox.assertRoom();
    const told = await this.handler.handle(events, this.store.within(transaction), now);
    const said = await this.again.handle(events, told, transaction);
    const left = await this.store.within(transaction).teamsLeft(said.flat());
    const asked = await this.asking.handle(events, transaction);
    return said.map((changes, index) =>
      ok<object>(
        ...changes.flatMap((changed) => [
          outgoing(changed),
          ...inboxEvents(changed, wordsOf(events[index]!.data), left.get(`${changed.loopId}/${changed.version}`)),
        ]),
        ...asked[index]!.map(outgoingRequest),
      ),
    );
  }
}

/** The words are at hand; what its source has deleted is not told on. */
const wordsOf = ({ feedback, tags }: FeedbackRouted): RoutedWords | undefined =>
  feedback.kind === 'deleted' ? undefined : { feedback, tags };
