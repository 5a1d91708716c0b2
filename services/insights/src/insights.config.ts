import { FromEnv } from '@closeloop/platform';
import { IsInt, Max, Min } from 'class-validator';

export class InsightsConfig {
  /** A number of fewer than so many is told with a warning that it is small. */
  @FromEnv('INSIGHTS_SMALL_N') @IsInt() @Min(0) @Max(1_000_000) smallN: number = 30;

  /** A number of fewer than so many is not told where people could be recognised by what it is split by. */
  @FromEnv('INSIGHTS_HIDDEN_N') @IsInt() @Min(0) @Max(1_000_000) hiddenN: number = 5;
}
