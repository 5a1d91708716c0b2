import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { configProvider, ENVIRONMENT, type Env } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { ActiveTagger } from './application/active-tagger.js';
import { TagFeedbackHandler } from './application/tag-feedback.handler.js';
import { ModelTagger } from './domain/model-tagger.js';
import { ActiveModelStore } from './domain/own/model-store.js';
import { ActiveModelPoller } from './inbound/active-model.poller.js';
import { FeedbackReceivedConsumer } from './inbound/feedback-received.consumer.js';
import { ActiveModelClient } from './infrastructure/active-model.client.js';
import { detectLanguage } from './infrastructure/language.detector.js';
import { FolderModel } from './infrastructure/folder-model.js';
import { ownModelOf } from './infrastructure/own-model.js';
import { shippedKnowledge } from './infrastructure/shipped-knowledge.js';
import { SentimentConfig } from './sentiment.config.js';

const tagger = {
  provide: ActiveTagger,
  inject: [SentimentConfig, ActiveModelStore],
  useFactory: ({ topicPacks }: SentimentConfig, store: ActiveModelStore) => {
    const shipped = new ModelTagger(shippedKnowledge(topicPacks.split(',')), detectLanguage);
    return new ActiveTagger(shipped, store, ownModelOf);
  },
};

/** feedback.received → tags → feedback.tagged. */
@Module({
  imports: [MessagingModule.forService(pipeline.sentiment, { mode: 'hop' })],
  controllers: [FeedbackReceivedConsumer],
  providers: [
    configProvider(SentimentConfig),
    {
      provide: ActiveModelStore,
      inject: [SentimentConfig, ENVIRONMENT],
      useFactory: ({ ownModel }: SentimentConfig, env: Env) =>
        ownModel === undefined ? new ActiveModelClient(env) : new FolderModel(ownModel),
    },
    tagger,
    ActiveModelPoller,
    {
      provide: TagFeedbackHandler,
      inject: [ActiveTagger],
      useFactory: (active: ActiveTagger) => new TagFeedbackHandler(active),
    },
  ],
})
export class SentimentModule {}
