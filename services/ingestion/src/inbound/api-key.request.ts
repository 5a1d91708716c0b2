import { sourcePattern } from '@closeloop/contracts';
import { IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';

/** What a new API key is for. */
export class ApiKeyRequest {
  /** The one source that the key may send feedback of. */
  @Matches(sourcePattern) source!: string;
  /** For people: where the key is used. */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(200) name?: string;
}
