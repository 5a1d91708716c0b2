import { IsTimestamp, sourcePattern } from '@closeloop/contracts';
import { ArrayMaxSize, IsArray, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';

/** Feedback by its ids, or what had a revision received in a time; one of both. */
export class RepublishRequest {
  @IsOptional() @IsArray() @ArrayMaxSize(1000) @IsUUID(undefined, { each: true }) ids?: string[];
  /** Received then or later */
  @IsOptional() @IsTimestamp() from?: string;
  /** Received before that; until now unless told otherwise */
  @IsOptional() @IsTimestamp() to?: string;
  /** With a time: of this source only */
  @IsOptional() @Matches(sourcePattern) source?: string;
  /** For a rebuild of what insights counts: its id, which what is sent again names */
  @IsOptional() @IsUUID() rebuild?: string;
  /** `cursor` of the answer before */
  @IsOptional() @IsString() @MaxLength(200) cursor?: string;
}
