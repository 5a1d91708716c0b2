import { FromEnv } from '@closeloop/platform';
import { IsInt, Max, Min } from 'class-validator';

export class EmergingConfig {
  /** How often it is looked whether there are days to judge; a day that changed waits for the next look. */
  @FromEnv('INSIGHTS_EMERGING_EVERY_MS') @IsInt() @Min(100) @Max(86_400_000) everyMs: number = 60_000;
}
