import { feedbackRouted, type FeedbackRouted, type LoopChanged } from '@closeloop/contracts';
import {
  EffectContext,
  jsonMembers,
  jsonOf,
  ok,
  Outbox,
  type IncomingEvent,
  type Outcome,
  type OutgoingEvent,
} from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { AskAgain } from '../application/ask-again.handler.js';
import { SayAgain } from '../application/say-again.handler.js';
import { SettleFeedback, type RoutedFeedback } from '../application/settle-feedback.handler.js';
import { outgoing } from '../domain/loop-changed.js';
import { inboxEvents, stepKey, type InboxEvent } from '../domain/team-inbox.js';
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
    const batch = events.map(routedFeedbackOf);
    const told = await this.handler.handle(batch, this.store.within(transaction), now);
    const said = await this.again.handle(batch, told, transaction);
    const left = await this.store.within(transaction).teamsLeft(said.flat());
    const asked = await this.asking.handle(batch, transaction);
    return said.map((changes, index) =>
      ok<object>(
        ...changes.flatMap((changed) => [
          outgoing(changed),
          ...inboxEventsOf(changed, batch[index]!, left.get(stepKey(changed))),
        ]),
        ...asked[index]!.map(outgoingRequest),
      ),
    );
  }
}

/** What only passes through to agents and teams stays as it came. */
const routedFeedbackOf = ({ data, json, replayed }: IncomingEvent<FeedbackRouted>): RoutedFeedback => ({
  ...{ data, replayed },
  json: jsonMembers(json, ['feedback', 'tags', 'route']),
});

/** The words are at hand; what its source has deleted is not told on. */
function inboxEventsOf(
  changed: LoopChanged,
  { data: { feedback, tags }, json }: RoutedFeedback,
  before: string | undefined,
): readonly (InboxEvent & Pick<OutgoingEvent, 'json'>)[] {
  if (feedback.kind === 'deleted') return inboxEvents(changed, undefined, before);
  return inboxEvents(changed, { feedback, tags }, before).map((event) => {
    const { feedback: _feedback, tags: _tags, ...step } = event.data;
    return { ...event, json: jsonOf(step, { feedback: json.feedback, tags: json.tags }) };
  });
}
