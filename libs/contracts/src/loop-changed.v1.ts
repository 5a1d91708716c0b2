import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { IsNullable, IsTimestamp, Nested } from './decorators.js';
import { declareEvent } from './event-declaration.js';
import { priorities, teamPattern, type Priority } from './route.js';
import { sentimentLabels, type SentimentLabel } from './tags.js';

export const loopStates = [
  'opened',
  'acknowledged',
  'responded',
  'resolved',
  'verified',
  'closed-unverified',
  'reopened',
  'dismissed',
  'withdrawn',
] as const;
export type LoopState = (typeof loopStates)[number];

/** The command in the past tense; `opened`, `joined`, `noted` and `settled` are what feedback does by itself. */
export const loopChanges = [
  'opened',
  'joined',
  'noted',
  'settled',
  'acknowledged',
  'responded',
  'waited',
  'resumed',
  'resolved',
  'confirmed',
  'objected',
  'expired',
  'reopened',
  'dismissed',
  'withdrawn',
  'revised',
  'split',
  'assigned',
  'escalated',
  'priority-set',
] as const;
export type LoopChange = (typeof loopChanges)[number];

export const actorKinds = ['system', 'agent', 'customer', 'source'] as const;
export type ActorKind = (typeof actorKinds)[number];

export const settlementOutcomes = ['loop', 'joined', 'no-loop', 'withdrawn', 'superseded'] as const;
export type SettlementOutcome = (typeof settlementOutcomes)[number];

export class Actor {
  @IsIn(actorKinds) kind!: ActorKind;
  @IsOptional() @IsString() @MaxLength(300) id?: string;
}

/** What both clocks show of one promise, milliseconds: until it was kept or the loop ended, else at the step. */
export class PromiseClock {
  /** Neither answered, or resolved, nor ended */
  @IsBoolean() running!: boolean;
  @IsNumber() @Min(0) customerMs!: number;
  @IsNumber() @Min(0) businessMs!: number;
  /** Whether the limit was kept; absent while that is open, and where there is none on that clock */
  @IsOptional() @IsBoolean() customerMet?: boolean;
  @IsOptional() @IsBoolean() businessMet?: boolean;
}

/** The clocks of a loop's cycle. */
export class LoopClocks {
  /** The feedback was received, or the loop was reopened. */
  @IsTimestamp() startedAt!: string;
  @Nested(() => PromiseClock) firstResponse!: PromiseClock;
  @Nested(() => PromiseClock) resolution!: PromiseClock;
}

export class LoopSnapshot {
  @IsIn(loopStates) state!: LoopState;
  /** 1 for the first; each reopening starts the next. */
  @IsInt() @Min(1) @Max(2_147_483_647) cycle!: number;
  @Matches(teamPattern) team!: string;
  @IsIn(priorities) priority!: Priority;
  @IsOptional() @IsString() @MaxLength(300) owner?: string;
  /** How often it went up the team's chain; 0 at first */
  @IsOptional() @IsInt() @Min(0) @Max(2_147_483_647) level?: number;
  /** Of its cycle; absent where no clock runs */
  @IsOptional() @Nested(() => LoopClocks) clocks?: LoopClocks;
}

/** What became of one revision of a feedback. */
export class Settlement {
  @IsUUID() feedbackId!: string;
  @IsInt() @Min(1) @Max(2_147_483_647) revision!: number;
  @IsInt() @Min(1) @Max(2_147_483_647) tagRevision!: number;
  @IsInt() @Min(1) @Max(2_147_483_647) routeRevision!: number;
  /** Counts the settlements of this feedback; only a higher one replaces what is known. */
  @IsInt() @Min(1) @Max(2_147_483_647) settlement!: number;
  @IsIn(settlementOutcomes) outcome!: SettlementOutcome;
  @IsOptional() @Matches(teamPattern) team?: string;
  @IsOptional() @IsIn(sentimentLabels) sentiment?: SentimentLabel;
}

export class LoopChanged {
  @IsUUID() loopId!: string;
  /** Of the loop, gapless from 1; 0 where there is no loop */
  @IsInt() @Min(0) @Max(2_147_483_647) version!: number;
  @IsIn(loopChanges) change!: LoopChange;
  /** What was noted, where nothing moved: `warned`, `breached`, `reply-sent`, `reply-failed`…; this list grows */
  @IsOptional() @Matches(/^[a-z][a-z-]{0,39}$/) note?: string;
  @IsTimestamp() at!: string;
  @Nested(() => Actor) actor!: Actor;
  /** null for a feedback without a loop */
  @IsNullable() @Nested(() => LoopSnapshot) loop!: LoopSnapshot | null;
  @IsOptional() @Nested(() => Settlement) feedback?: Settlement;
}

export const loopChanged = declareEvent({
  topic: 'loop.changed.v1',
  description: 'A loop moved, or a feedback was settled',
  data: LoopChanged,
  key: (event) => event.loopId,
});
