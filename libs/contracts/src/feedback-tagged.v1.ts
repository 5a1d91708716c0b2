import { IsInt, Max, Min } from 'class-validator';
import { IsNullable, Nested } from './decorators.js';
import { declareEvent } from './event-declaration.js';
import { Feedback } from './feedback.js';
import { Tags } from './tags.js';

export class FeedbackTagged {
  @Nested(() => Feedback) feedback!: Feedback;
  /** 1 for the tagger's own; a human's correction is the next. */
  @IsInt() @Min(1) @Max(2_147_483_647) tagRevision!: number;
  /** null for a deletion: there is no text to judge */
  @IsNullable() @Nested(() => Tags) tags!: Tags | null;
}

export const feedbackTagged = declareEvent({
  topic: 'feedback.tagged.v1',
  description: 'A revision of a feedback and what the tagger saw in it',
  data: FeedbackTagged,
  key: ({ feedback }) => feedback.feedbackId,
});
