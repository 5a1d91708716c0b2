import {
  ArrayMaxSize,
  IsArray,
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
  MinLength,
} from 'class-validator';
import { IsAttributes, IsTimestamp, Nested } from './decorators.js';

export const channels = [
  'review',
  'social',
  'survey',
  'chat',
  'email',
  'phone',
  'sms',
  'in-store',
  'mystery-shop',
  'community',
  'api',
] as const;
export type Channel = (typeof channels)[number];

export const feedbackKinds = ['created', 'updated', 'deleted'] as const;
export type FeedbackKind = (typeof feedbackKinds)[number];

export const journeyStages = [
  'awareness',
  'consideration',
  'purchase',
  'onboarding',
  'use',
  'support',
  'renewal',
] as const;
export type JourneyStage = (typeof journeyStages)[number];

export const surveyMetrics = ['nps', 'csat', 'ces'] as const;
export type SurveyMetric = (typeof surveyMetrics)[number];

/** Name of a source (a connector's account): what an API key is scoped to. */
export const sourcePattern = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/** Most characters (UTF-16 code units) of a feedback's text. */
export const maxTextLength = 20_000;
/** Most bytes of a canonical event, as JSON in UTF-8. */
export const maxEventBytes = 256 * 1024;

export class Author {
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) externalId?: string;
  @IsOptional() @IsString() @MaxLength(300) name?: string;
  @IsOptional() @IsString() @MaxLength(300) handle?: string;
  @IsOptional() @IsString() @MaxLength(320) email?: string;
  @IsOptional() @IsString() @MaxLength(50) phone?: string;
}

/** Stars or points: `value` on a scale that ends at `scale`. */
export class Rating {
  @IsNumber() @Min(0) @Max(1000) value!: number;
  @IsNumber() @Min(1) @Max(1000) scale!: number;
}

export class Survey {
  @IsIn(surveyMetrics) metric!: SurveyMetric;
  @IsNumber() @Min(0) @Max(1000) score!: number;
  @IsNumber() @Min(1) @Max(1000) scale!: number;
}

/** What a customer said, and where, as the source tells it. */
export class FeedbackContent {
  @IsIn(channels) channel!: Channel;
  @IsOptional() @Nested(() => Author) author?: Author;
  /** The customer, when the source knows who it is; feedback with one key is one customer's. */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) customerKey?: string;
  @IsOptional() @IsString() @MaxLength(1000) title?: string;
  @IsOptional() @IsString() @MaxLength(maxTextLength) text?: string;
  /** BCP 47 */
  @IsOptional() @Matches(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/) @MaxLength(35) languageHint?: string;
  @IsOptional() @Nested(() => Rating) rating?: Rating;
  @IsOptional() @Nested(() => Survey) survey?: Survey;
  @IsOptional() @IsString() @MaxLength(2000) url?: string;
  @IsOptional() @IsString() @MaxLength(300) inReplyTo?: string;
  @IsOptional() @IsString() @MaxLength(300) thread?: string;
  @IsOptional() @IsString() @MaxLength(300) location?: string;
  @IsOptional() @IsString() @MaxLength(300) product?: string;
  @IsOptional() @IsString() @MaxLength(300) touchpoint?: string;
  @IsOptional() @IsIn(journeyStages) journeyStage?: JourneyStage;
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  segments?: string[];
  /** At most 64 keys; values are strings of at most 1,000 characters, numbers or booleans. */
  @IsOptional() @IsAttributes() attributes?: Record<string, string | number | boolean>;
  /** When the customer said it; RFC 3339. Absent when the source does not know: then receivedAt is the nearest there is. */
  @IsOptional() @IsTimestamp() occurredAt?: string;
  /** When the source last changed it; RFC 3339. Orders the revisions of one feedback. */
  @IsOptional() @IsTimestamp() updatedAt?: string;
}

/** What a connector sends in, by whatever way. */
export class OfferedFeedback extends FeedbackContent {
  /** `created` unless told otherwise */
  @IsOptional() @IsIn(feedbackKinds) kind?: FeedbackKind;
  /** Imported from the past: starts no clock and opens no loop unless a rule asks for it. */
  @IsOptional() @IsBoolean() historic?: boolean;
}

/** What a connector sends in over HTTP: the source is the key's unless it is named. */
export class FeedbackInput extends OfferedFeedback {
  @IsOptional() @Matches(sourcePattern) source?: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) externalId?: string;
}

/** The canonical feedback that every service sees. */
export class Feedback extends FeedbackContent {
  @IsUUID() feedbackId!: string;
  @IsInt() @Min(1) @Max(2_147_483_647) revision!: number;
  @IsIn(feedbackKinds) kind!: FeedbackKind;
  /** SHA-256 of the canonical JSON of this object without receivedAt, revision and contentHash. */
  @Matches(/^[0-9a-f]{64}$/) contentHash!: string;
  @Matches(sourcePattern) source!: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) externalId?: string;
  @IsTimestamp() receivedAt!: string;
  @IsBoolean() historic!: boolean;
}
