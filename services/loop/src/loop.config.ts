import { FromEnv } from '@closeloop/platform';
import { IsUrl } from 'class-validator';

export class LoopConfig {
  /** Where ingestion listens: it knows whose an API key is. */
  @FromEnv('INGESTION_URL')
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  ingestionUrl: string = 'http://127.0.0.1:4601';
}
