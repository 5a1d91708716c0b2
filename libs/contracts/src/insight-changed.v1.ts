import { IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { IsTimestamp, Nested } from './decorators.js';
import { declareEvent } from './event-declaration.js';
import { InsightRaiser, maxInsightTitle } from './insight-raised.v1.js';
import { Actor } from './loop-changed.v1.js';
import { teamPattern } from './route.js';

/** raised: nobody has answered. improving: an improvement is under way. improved: it is done. */
export const insightStates = ['raised', 'accepted', 'merged', 'declined', 'improving', 'improved'] as const;
export type InsightState = (typeof insightStates)[number];

/**
 * The command in the past tense. evidence-added: another one was merged into it. improved, dropped: what became of its improvement.
 */
export const insightChanges = [
  'accepted',
  'merged',
  'declined',
  'improving',
  'improved',
  'dropped',
  'assigned',
  'evidence-added',
] as const;
export type InsightChange = (typeof insightChanges)[number];

/** What became of an insight. */
export class InsightChanged {
  @IsUUID() insightId!: string;
  /** Of the insight, gapless; 1 is its raising, which insight.raised.v1 tells */
  @IsInt() @Min(2) @Max(2_147_483_647) version!: number;
  @IsIn(insightChanges) change!: InsightChange;
  @IsTimestamp() at!: string;
  @Nested(() => Actor) actor!: Actor;
  @IsIn(insightStates) state!: InsightState;
  @IsString() @MinLength(1) @MaxLength(maxInsightTitle) title!: string;
  /** Who is to answer it */
  @Matches(teamPattern) team!: string;
  @Nested(() => InsightRaiser) raisedBy!: InsightRaiser;
  /** Why, in the words of who answered it */
  @IsOptional() @IsString() @MaxLength(2000) reason?: string;
  /** The insight that it was merged into */
  @IsOptional() @IsUUID() into?: string;
  /** What is done about it */
  @IsOptional() @IsUUID() improvementId?: string;
}

export const insightChanged = declareEvent({
  topic: 'insight.changed.v1',
  description: 'An insight was answered, or what is done about it came to an end',
  data: InsightChanged,
  key: ({ insightId }) => insightId,
});
