import { IsInt, Max, Min } from 'class-validator';
import { IsNullable, Nested } from './decorators.js';
import { declareEvent } from './event-declaration.js';
import { Feedback } from './feedback.js';
import { Route } from './route.js';
import { Tags } from './tags.js';

export class FeedbackRouted {
  @Nested(() => Feedback) feedback!: Feedback;
  @IsInt() @Min(1) @Max(2_147_483_647) tagRevision!: number;
  @IsNullable() @Nested(() => Tags) tags!: Tags | null;
  /** 1 for the first routing of these tags; a reroute is the next. */
  @IsInt() @Min(1) @Max(2_147_483_647) routeRevision!: number;
  /** null for a deletion */
  @IsNullable() @Nested(() => Route) route!: Route | null;
}

export const feedbackRouted = declareEvent({
  topic: 'feedback.routed.v1',
  description: 'A revision of a feedback, its tags, and the team that is to act on it',
  data: FeedbackRouted,
  key: ({ feedback }) => feedback.feedbackId,
});
