import { priorities, teamPattern, type Priority } from '@closeloop/contracts';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, MaxLength, Min, MinLength } from 'class-validator';

/** Most characters of an answer. */
const maxTextLength = 20_000;

export class RespondRequest {
  @IsString() @MinLength(1) @MaxLength(maxTextLength) text!: string;
  /** Where the customer was answered: the feedback's channel, or another one */
  @IsString() @Matches(/^[a-z0-9][a-z0-9-]{0,49}$/) channel!: string;
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
