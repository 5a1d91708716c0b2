import { FromEnv } from '@closeloop/platform';
import { IsInt, Max, Min } from 'class-validator';
import { RoutingConfig } from './routing.config.js';

/** What is routed anew or tried goes by the same settings as what is routed. */
export class RehearsalConfig extends RoutingConfig {
  /** Days that feedback is kept, for rules to be tried on and routed anew. */
  @FromEnv('ROUTING_KEEP_DAYS') @IsInt() @Min(1) @Max(3_650) keepDays: number = 30;
}
