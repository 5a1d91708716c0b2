import { IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { declareEvent } from './event-declaration.js';
import { OfferedFeedback, sourcePattern } from './feedback.js';

/**
 * What a producer in any language sends over Kafka: it has no key to take a source from, so it names both.
 * Not a FeedbackInput: class-validator would keep the parent's @IsOptional.
 */
export class InboundFeedback extends OfferedFeedback {
  @Matches(sourcePattern) source!: string;
  @IsString() @MinLength(1) @MaxLength(300) externalId!: string;
}

export const feedbackInbound = declareEvent({
  topic: 'feedback.inbound.v1',
  description: 'Feedback offered to ingestion by producers outside the platform',
  data: InboundFeedback,
  key: (feedback) => JSON.stringify([feedback.source, feedback.externalId]),
});
