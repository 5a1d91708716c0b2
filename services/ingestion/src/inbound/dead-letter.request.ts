import { IsTimestamp, Nested, sourcePattern } from '@closeloop/contracts';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  MinLength,
} from 'class-validator';
import { type LetterState } from '../domain/dead-letters.js';

/** What can be replayed or discarded: all but what is settled. */
export const closableStates = ['open', 'replayed', 'discarded'] as const satisfies readonly LetterState[];

/** Which dead letters; what is left out is not asked for. */
export class LetterFilterRequest {
  /** Of that feedback, accepted or not */
  @IsOptional() @IsUUID() feedbackId?: string;
  /** Where the event that died came from */
  @IsOptional() @IsString() @MaxLength(300) topic?: string;
  /** The consumer group that could not handle it */
  @IsOptional() @IsString() @MaxLength(300) group?: string;
  @IsOptional() @IsString() @MaxLength(100) reason?: string;
  @IsOptional() @Matches(sourcePattern) source?: string;
  /** Died then or later */
  @IsOptional() @IsTimestamp() from?: string;
  /** Died before that */
  @IsOptional() @IsTimestamp() to?: string;
  /** `open` unless told otherwise */
  @IsOptional() @IsIn(closableStates) state?: (typeof closableStates)[number];
}

/** Dead letters by their ids, or the oldest that a filter finds; one of both. */
class ChosenLetters {
  @IsOptional() @IsArray() @ArrayMaxSize(200) @IsUUID(undefined, { each: true }) ids?: string[];
  @IsOptional() @Nested(() => LetterFilterRequest) filter?: LetterFilterRequest;
  /** With a filter: `next` of the answer before */
  @IsOptional() @IsString() @MaxLength(200) cursor?: string;
}

/** What is to be sent again. */
export class ReplayRequest extends ChosenLetters {
  /** Also what was sent again already and has neither come through nor failed, and what was discarded */
  @IsOptional() @IsBoolean() again?: boolean;
}

/** What nobody is to do anything about any more. */
export class DiscardRequest extends ChosenLetters {
  /** Why, for those who ask later */
  @IsString() @MinLength(1) @MaxLength(500) reason!: string;
}
