import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { replySenderKinds, type ReplySenderKind } from '../domain/reply-senders.js';

/** Who sends replies for a source. */
export class ReplySenderRequest {
  /** file: a line in `<source>.ndjson`; webhook: a signed POST */
  @IsIn(replySenderKinds) kind!: ReplySenderKind;
  /** Of a webhook: http or https, without a user and without a fragment */
  @IsOptional() @IsString() @MaxLength(2000) url?: string;
  /** Of a webhook: the receiver's own secret, `whsec_…`; without one the first is drawn, and shown once. */
  @IsOptional() @IsString() @MaxLength(100) secret?: string;
}

/** A further secret; the ones before it go on for a while. */
export class ReplySecretRequest {
  /** The receiver's own secret, `whsec_…`; without one, a secret is drawn and shown once. */
  @IsOptional() @IsString() @MaxLength(100) secret?: string;
  /** How long the secrets before it sign as well; a day unless told otherwise. */
  @IsOptional() @IsInt() @Min(0) @Max(2_592_000) overlapSeconds?: number;
}
