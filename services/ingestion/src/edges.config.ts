import { FromEnv } from '@closeloop/platform';
import { IsArray, IsInt, Matches, Max, Min } from 'class-validator';

/** How much comes in, and what secrets are sealed with. */
export class EdgesConfig {
  /** Events a second that one API key or one webhook connector may send for long, in each replica. */
  @FromEnv('RATE_LIMIT_EVENTS_PER_SECOND') @IsInt() @Min(1) @Max(10_000_000) rateLimitEventsPerSecond = 5000;

  /** Events that one may send at once. */
  @FromEnv('RATE_LIMIT_BURST') @IsInt() @Min(1) @Max(10_000_000) rateLimitBurst = 20_000;

  /** How long a running import waits, in seconds, while the outbox is full, before it stops and says so. */
  @FromEnv('IMPORT_BACKLOG_WAIT_SECONDS') @IsInt() @Min(0) @Max(3600) importBacklogWaitSeconds = 30;

  /**
   * Keys that webhook secrets are sealed with at rest: 32 bytes in base64 each, by commas. The first one seals, all of them
   * open, so that a key can be replaced.
   */
  @FromEnv('WEBHOOK_SECRETS_KEY')
  @IsArray()
  @Matches(/^[A-Za-z0-9+/]{43}=$/, { each: true, message: 'must be 32 bytes in base64, several by commas' })
  webhookSecretsKeys: string[] = [];
}
