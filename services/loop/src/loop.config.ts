import { FromEnv } from '@closeloop/platform';
import { IsInt, IsUrl, Max, Min } from 'class-validator';

export class LoopConfig {
  /** Where ingestion listens: it knows whose an API key is. */
  @FromEnv('INGESTION_URL')
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  ingestionUrl: string = 'http://127.0.0.1:4601';

  /** For how long an agent is shown as writing an answer, unless that is renewed, seconds. */
  @FromEnv('LOOP_WRITING_LEASE_SECONDS')
  @IsInt()
  @Min(1)
  @Max(3_600)
  writingLeaseSeconds: number = 60;

  /** How long a customer may answer the follow-up of a resolved loop before it is closed unverified, seconds. */
  @FromEnv('LOOP_CONFIRMATION_WINDOW_SECONDS')
  @IsInt()
  @Min(1)
  @Max(315_360_000)
  confirmationWindowSeconds: number = 14 * 86_400;
}
