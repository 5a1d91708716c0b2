import { IsAttributes, priorities, teamPattern, type Priority } from '@closeloop/contracts';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';

/** Most characters of an answer. */
const maxTextLength = 20_000;

export class RespondRequest {
  /** The words, unless a template gives them */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(maxTextLength) text?: string;
  /** Where the customer was answered; may be left out of what is sent: then it is where the customer spoke */
  @IsOptional() @IsString() @Matches(/^[a-z0-9][a-z0-9-]{0,49}$/) channel?: string;
  /** Whether it is to be sent to the customer; else it was given elsewhere, and is recorded */
  @IsOptional() @IsBoolean() send?: boolean;
  /** The feedback that it answers; that of your draft, or the only one, unless named */
  @IsOptional() @IsUUID() feedbackId?: string;
  /** The revision that you read; that of your draft, or the latest, unless named */
  @IsOptional() @IsInt() @Min(1) revision?: number;
  /** Answer although the words were revised since */
  @IsOptional() @IsBoolean() confirmStale?: boolean;
  /** Answer although somebody else is answering; that stands in the history */
  @IsOptional() @IsBoolean() takeOver?: boolean;
  /** A template of the loop's team, in place of a text */
  @IsOptional() @IsUUID() templateId?: string;
  /** What its variables stand for, by name */
  @IsOptional() @IsAttributes() variables?: Record<string, string | number | boolean>;
}

export class ReasonRequest {
  @IsString() @MinLength(1) @MaxLength(2000) reason!: string;
}

/** One of the two, or both. Another team gets the loop without its owner, unless one is named. */
export class AssignRequest {
  @IsOptional() @Matches(teamPattern) team?: string;
  /** Subject of an agent */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) owner?: string;
}

export class PriorityRequest {
  @IsIn(priorities) priority!: Priority;
}

export class SplitRequest {
  @IsUUID() feedbackId!: string;
}

export class DraftRequest {
  @IsString() @MinLength(1) @MaxLength(maxTextLength) text!: string;
  /** The words that it answers */
  @IsUUID() feedbackId!: string;
  @IsInt() @Min(1) revision!: number;
}
