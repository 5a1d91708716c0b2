import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { Nested } from './decorators.js';

export const sentimentLabels = ['negative', 'neutral', 'positive', 'mixed'] as const;
export type SentimentLabel = (typeof sentimentLabels)[number];
export const emotionNames = ['anger', 'disgust', 'fear', 'joy', 'sadness', 'surprise', 'neutral'] as const;
export type EmotionName = (typeof emotionNames)[number];
export const intentNames = ['complaint', 'question', 'suggestion', 'praise', 'churn-threat', 'request'] as const;
export type IntentName = (typeof intentNames)[number];
export const urgencyLevels = ['low', 'medium', 'high', 'critical'] as const;
export type UrgencyLevel = (typeof urgencyLevels)[number];

/** Two levels at most, such as `billing/refund` */
export const topicNamePattern = /^[a-z0-9-]{1,60}(\/[a-z0-9-]{1,60})?$/;

/** Every `confidence` is a share 0..1: how often a tag said with it is right. */
export class LanguageTag {
  /** BCP 47; `und` where nothing reliable can be said */
  @IsString() @MinLength(2) @MaxLength(35) tag!: string;
  @IsNumber() @Min(0) @Max(1) confidence!: number;
}

export class Sentiment {
  @IsIn(sentimentLabels) label!: SentimentLabel;
  /** -1 (all negative) .. 1 (all positive) */
  @IsNumber() @Min(-1) @Max(1) score!: number;
  @IsNumber() @Min(0) @Max(1) confidence!: number;
}

export class Emotion {
  @IsIn(emotionNames) name!: EmotionName;
  @IsNumber() @Min(0) @Max(1) confidence!: number;
}

export class Topic {
  @Matches(topicNamePattern) name!: string;
  @IsNumber() @Min(0) @Max(1) confidence!: number;
  @IsOptional() @Nested(() => Sentiment) sentiment?: Sentiment;
}

export class Intent {
  @IsIn(intentNames) name!: IntentName;
  @IsNumber() @Min(0) @Max(1) confidence!: number;
}

export class Urgency {
  @IsIn(urgencyLevels) level!: UrgencyLevel;
  @IsArray() @ArrayMaxSize(20) @IsString({ each: true }) @MaxLength(100, { each: true }) reasons!: string[];
  @IsNumber() @Min(0) @Max(1) confidence!: number;
}

/** Characters [start, end) of a field that weighed, and how much. */
export class Evidence {
  @IsIn(['text', 'title', 'rating']) field!: 'text' | 'title' | 'rating';
  @IsInt() @Min(0) @Max(2_147_483_647) start!: number;
  @IsInt() @Min(0) @Max(2_147_483_647) end!: number;
  @IsNumber() weight!: number;
}

export class Tags {
  @Nested(() => LanguageTag) language!: LanguageTag;
  /** Absent where the tagger abstains: the language is not one it can judge, and there is no rating. */
  @IsOptional() @Nested(() => Sentiment) sentiment?: Sentiment;
  @IsOptional() @IsArray() @ArrayMaxSize(7) @Nested(() => Emotion, { each: true }) emotions?: Emotion[];
  @IsOptional() @IsArray() @ArrayMaxSize(50) @Nested(() => Topic, { each: true }) topics?: Topic[];
  @IsOptional() @Nested(() => Intent) intent?: Intent;
  @IsOptional() @Nested(() => Urgency) urgency?: Urgency;
  @IsOptional() @IsBoolean() ratingMismatch?: boolean;
  @IsOptional() @IsBoolean() spamOrEmpty?: boolean;
  @IsOptional() @IsArray() @ArrayMaxSize(50) @Nested(() => Evidence, { each: true }) evidence?: Evidence[];
  /** Name and version of the model that judged */
  @IsString() @MinLength(1) @MaxLength(100) model!: string;
  @IsOptional() @IsString() @MaxLength(100) lexicon?: string;
  @IsIn(['model', 'human']) taggedBy!: 'model' | 'human';
}
