import { FromEnv } from '@closeloop/platform';
import { IsOptional, IsString, Matches, MinLength } from 'class-validator';
import { shippedTopicPacks } from './infrastructure/shipped-knowledge.js';

export class SentimentConfig {
  /** Packs of topics, separated by commas: names of those that ship, or paths of JSON files of one's own. */
  @FromEnv('SENTIMENT_TOPIC_PACKS')
  @Matches(/^[^,]+(,[^,]+)*$/, { message: '$property must be names or paths of packs, separated by commas' })
  topicPacks: string = shippedTopicPacks.join(',');

  /** Folder of a sentiment model of one's own, as `closeloop adapt` writes it. */
  @FromEnv('SENTIMENT_OWN_MODEL')
  @IsOptional()
  @IsString()
  @MinLength(1)
  ownModel?: string;
}
