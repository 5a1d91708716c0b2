import { feedbackRouted, feedbackTagged, type FeedbackTagged } from '@closeloop/contracts';
import { jsonWith, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { RouteFeedbackHandler } from '../application/route-feedback.handler.js';

@Controller()
export class FeedbackTaggedConsumer {
  constructor(private readonly routeFeedback: RouteFeedbackHandler) {}

  @EventPattern<string>(feedbackTagged.topic)
  route(@Payload() events: readonly IncomingEvent<FeedbackTagged>[]): Outcome[] {
    return events.map((event) => {
      const { id, data } = this.routeFeedback.handle(event.data);
      const { routeRevision, route } = data;
      const json = jsonWith(event.json, { routeRevision, route });
      return ok({ event: feedbackRouted, id, subject: data.feedback.feedbackId, data, json });
    });
  }
}
