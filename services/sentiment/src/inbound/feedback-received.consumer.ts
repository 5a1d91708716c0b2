import { feedbackReceived, feedbackTagged, type FeedbackReceived } from '@closeloop/contracts';
import { jsonWith, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { TagFeedbackHandler } from '../application/tag-feedback.handler.js';

@Controller()
export class FeedbackReceivedConsumer {
  constructor(private readonly tagFeedback: TagFeedbackHandler) {}

  @EventPattern<string>(feedbackReceived.topic)
  tag(@Payload() events: readonly IncomingEvent<FeedbackReceived>[]): Outcome[] {
    return events.map((event) => {
      const { id, data } = this.tagFeedback.handle(event.data);
      const { tagRevision, tags } = data;
      const json = jsonWith(event.json, { tagRevision, tags }, 'feedback');
      return ok({ event: feedbackTagged, id, subject: event.data.feedbackId, data, json });
    });
  }
}
