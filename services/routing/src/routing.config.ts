import { FromEnv } from '@closeloop/platform';
import { IsInt, Max, Min } from 'class-validator';

export class RoutingConfig {
  /** Milliseconds between two looks for a newer rule set: how long replicas may disagree. */
  @FromEnv('ROUTING_RULES_REFRESH_MS') @IsInt() @Min(100) @Max(5000) rulesRefreshMs: number = 2000;
}
