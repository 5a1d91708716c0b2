import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { IsTimestamp, Nested } from './decorators.js';
import { declareEvent } from './event-declaration.js';
import { journeyStages, type JourneyStage } from './feedback.js';
import { teamPattern } from './route.js';
import { topicNamePattern } from './tags.js';

/** Most characters of an insight's title, and of its claim. */
export const maxInsightTitle = 200;
export const maxInsightClaim = 4000;
/** Most loops, and most feedback, that an insight names as its evidence. */
export const maxEvidence = 200;

/** What an insight is about; what it leaves out, it says nothing of. */
export class InsightAbout {
  /** `billing/refund`, or its upper level */
  @IsOptional() @Matches(topicNamePattern) topic?: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) touchpoint?: string;
  @IsOptional() @IsIn(journeyStages) journeyStage?: JourneyStage;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) location?: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) product?: string;
}

export const insightRaisers = ['agent', 'system'] as const;

/** Who claims it. */
export class InsightRaiser {
  @IsIn(insightRaisers) kind!: (typeof insightRaisers)[number];
  /** Subject of the person; what of the system noticed it: `emerging`, `drivers`… */
  @IsString() @MinLength(1) @MaxLength(300) id!: string;
  /** The team in which it was noticed: it is told what became of it. Absent where nobody's team is known */
  @IsOptional() @Matches(teamPattern) team?: string;
}

export class InsightEvidence {
  @IsArray() @ArrayMaxSize(maxEvidence) @IsUUID(undefined, { each: true }) loopIds!: string[];
  @IsArray() @ArrayMaxSize(maxEvidence) @IsUUID(undefined, { each: true }) feedbackIds!: string[];
  /** How many there are of each */
  @IsInt() @Min(0) @Max(2_147_483_647) loops!: number;
  @IsInt() @Min(0) @Max(2_147_483_647) feedback!: number;
  /** When the first of it was received */
  @IsOptional() @IsTimestamp() since?: string;
}

/** A claim about the experience of many customers, with what it rests on, for the team that can change it. */
export class InsightRaised {
  @IsUUID() insightId!: string;
  @IsTimestamp() at!: string;
  @IsString() @MinLength(1) @MaxLength(maxInsightTitle) title!: string;
  @IsString() @MinLength(1) @MaxLength(maxInsightClaim) claim!: string;
  @Nested(() => InsightAbout) about!: InsightAbout;
  @Nested(() => InsightEvidence) evidence!: InsightEvidence;
  @Nested(() => InsightRaiser) raisedBy!: InsightRaiser;
  /** Who owns what it is about, and is to answer it */
  @Matches(teamPattern) team!: string;
}

export const insightRaised = declareEvent({
  topic: 'insight.raised.v1',
  description: 'Somebody, or the system, claims that many customers have one cause to complain, or to praise',
  data: InsightRaised,
  key: ({ insightId }) => insightId,
});
