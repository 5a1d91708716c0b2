import { FromEnv } from '@closeloop/platform';
import { IsBoolean, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

/** How replies go out. */
export class RepliesConfig {
  /** Folder that replies of sources with a file sender are written to; without it there are none. */
  @FromEnv('INGESTION_REPLIES_DIR') @IsOptional() @IsString() repliesDir?: string;

  /** Pause after the first try of a reply that failed; it doubles, up to an hour. */
  @FromEnv('INGESTION_REPLY_RETRY_SECONDS') @IsInt() @Min(1) @Max(3600) replyRetrySeconds: number = 5;

  /** For how long a reply is tried before it has failed. */
  @FromEnv('INGESTION_REPLY_GIVE_UP_SECONDS') @IsInt() @Min(1) @Max(2_592_000) replyGiveUpSeconds: number = 86_400;

  /** Whether webhooks may go to private, loopback and link-local addresses: on-premise, and in tests. */
  @FromEnv('INGESTION_REPLY_PRIVATE_ADDRESSES') @IsBoolean() replyPrivateAddresses: boolean = false;
}
