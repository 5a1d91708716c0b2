import { FromEnv } from '@closeloop/platform';
import { ArrayMinSize, IsInt, IsNumber, IsOptional, Matches, Max, Min } from 'class-validator';

export class RoutingConfig {
  /** Milliseconds between two looks for a newer rule set: how long replicas may disagree. */
  @FromEnv('ROUTING_RULES_REFRESH_MS') @IsInt() @Min(100) @Max(5000) rulesRefreshMs: number = 2000;

  /** SLA policies that rules may name, by commas. */
  @FromEnv('ROUTING_SLA_POLICIES')
  @ArrayMinSize(1)
  @Matches(/^[^\s,][^,]{0,98}$/, { each: true })
  slaPolicies: string[] = ['urgent', 'standard', 'relaxed'];

  /** Confidence from which on a learned team gets what no rule matches; unset: it is proposed only. */
  @FromEnv('ROUTING_FALLBACK_THRESHOLD') @IsOptional() @IsNumber() @Min(0.5) @Max(1) fallbackThreshold?: number;
}
