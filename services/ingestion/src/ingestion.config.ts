import { FromEnv } from '@closeloop/platform';
import { IsInt, Max, Min } from 'class-validator';

/** Set by INGESTION_… variables. */
export class IngestionConfig {
  /** Most submissions that share a transaction; one request alone may have more. */
  @FromEnv('INGESTION_GROUP_ROWS') @IsInt() @Min(1) @Max(10_000) groupRows: number = 2_000;

  /** Most submissions that wait for their transaction; past it: 503 backlog-full. */
  @FromEnv('INGESTION_QUEUE_BOUND') @IsInt() @Min(1_000) @Max(1_000_000) queueBound: number = 20_000;

  /** For how long a request with an Idempotency-Key gets its stored results back, days. */
  @FromEnv('INGESTION_IDEMPOTENCY_DAYS') @IsInt() @Min(1) @Max(365) idempotencyDays: number = 7;

  /** After how long without progress an unsettled feedback is missing, seconds. */
  @FromEnv('INGESTION_MISSING_AFTER_SECONDS') @IsInt() @Min(1) @Max(86_400) missingAfterSeconds: number = 60;
}
