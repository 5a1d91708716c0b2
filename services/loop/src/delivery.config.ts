import { FromEnv } from '@closeloop/platform';
import { IsArray, IsBoolean, IsInt, Matches, Max, Min } from 'class-validator';

/** How teams are told of their loops. */
export class DeliveryConfig {
  /** Whether receivers may be inside of the own network, and spoken to by plain HTTP: on one's own premises. */
  @FromEnv('LOOP_ALLOW_PRIVATE_ENDPOINTS') @IsBoolean() allowPrivateEndpoints: boolean = false;

  /** How long the log of what was delivered is kept, days. */
  @FromEnv('LOOP_DELIVERY_LOG_DAYS') @IsInt() @Min(4) @Max(3_650) logDays: number = 30;

  /** Keys that secrets of endpoints are sealed with, as ingestion's: 32 bytes in base64 each, by commas; the first one seals. */
  @FromEnv('WEBHOOK_SECRETS_KEY')
  @IsArray()
  @Matches(/^[A-Za-z0-9+/]{43}=$/, { each: true, message: 'must be 32 bytes in base64, several by commas' })
  secretsKeys: string[] = [];
}
