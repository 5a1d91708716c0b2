import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { configProvider } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { TagFeedbackHandler } from './application/tag-feedback.handler.js';
import { ModelTagger } from './domain/model-tagger.js';
import { FeedbackReceivedConsumer } from './inbound/feedback-received.consumer.js';
import { detectLanguage } from './infrastructure/eld.detector.js';
import { readOwnModel } from './infrastructure/own-model.js';
import { shippedKnowledge } from './infrastructure/shipped-knowledge.js';
import { SentimentConfig } from './sentiment.config.js';

/** feedback.received → tags → feedback.tagged. */
@Module({
  imports: [MessagingModule.forService(pipeline.sentiment, { mode: 'hop' })],
  controllers: [FeedbackReceivedConsumer],
  providers: [
    configProvider(SentimentConfig),
    {
      provide: TagFeedbackHandler,
      inject: [SentimentConfig],
      useFactory: ({ topicPacks, ownModel }: SentimentConfig) => {
        const knowledge = shippedKnowledge(topicPacks.split(','));
        const own = ownModel === undefined ? undefined : readOwnModel(ownModel, knowledge.name);
        return new TagFeedbackHandler(new ModelTagger(knowledge, detectLanguage, own));
      },
    },
  ],
})
export class SentimentModule {}
