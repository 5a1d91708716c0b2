import { FromEnv } from '@closeloop/platform';
import { IsInt, Max, Min } from 'class-validator';
import { TopicPacksConfig } from './sentiment.config.js';

export class LearningConfig extends TopicPacksConfig {
  /** How often it looks whether there is enough to learn from, seconds; 0: only when a person asks for it. */
  @FromEnv('LEARNING_EVERY_SECONDS')
  @IsInt()
  @Min(0)
  @Max(86_400)
  everySeconds: number = 300;

  /** Corrections since it last learned, from which on it learns again. */
  @FromEnv('LEARNING_MIN_CORRECTIONS')
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  minCorrections: number = 20;

  /** Rated feedback that it learns from beside the corrections, the latest first. */
  @FromEnv('LEARNING_MAX_RATED')
  @IsInt()
  @Min(0)
  @Max(50_000)
  maxRated: number = 5_000;

  /** Days that the words of feedback are kept which nobody has corrected. */
  @FromEnv('LEARNING_KEEP_DAYS')
  @IsInt()
  @Min(1)
  @Max(3_650)
  keepDays: number = 180;
}
