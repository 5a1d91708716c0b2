import { IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { declareEvent } from './event-declaration.js';
import { FeedbackInput, sourcePattern } from './feedback.js';

/** What a producer in any language sends over Kafka: it has no key to take a source from, so it names both. */
export class InboundFeedback extends FeedbackInput {
  @Matches(sourcePattern) declare source: string;
  @IsString() @MinLength(1) @MaxLength(300) declare externalId: string;
}

export const feedbackInbound = declareEvent({
  topic: 'feedback.inbound.v1',
  description: 'Feedback offered to ingestion by producers outside the platform',
  data: InboundFeedback,
  key: (feedback) => JSON.stringify([feedback.source, feedback.externalId]),
});
