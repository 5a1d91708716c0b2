import { FromEnv } from '@closeloop/platform';
import { IsInt, IsOptional, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import { shippedTopicPacks } from './infrastructure/shipped-knowledge.js';

export class TopicPacksConfig {
  /** Packs of topics, separated by commas: names of those that ship, or paths of JSON files of one's own. */
  @FromEnv('SENTIMENT_TOPIC_PACKS')
  @Matches(/^[^,]+(,[^,]+)*$/, { message: '$property must be names or paths of packs, separated by commas' })
  topicPacks: string = shippedTopicPacks.join(',');
}

export class SentimentConfig extends TopicPacksConfig {
  /** Folder of a sentiment model of one's own, as `closeloop adapt` writes it: used whatever the learning program has activated. */
  @FromEnv('SENTIMENT_OWN_MODEL')
  @IsOptional()
  @IsString()
  @MinLength(1)
  ownModel?: string;

  /** How often the active model is looked up, milliseconds. */
  @FromEnv('SENTIMENT_MODEL_REFRESH_MS')
  @IsInt()
  @Min(50)
  @Max(3_600_000)
  modelRefreshMs: number = 5_000;
}
