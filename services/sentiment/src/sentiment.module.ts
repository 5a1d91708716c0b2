import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { Module } from '@nestjs/common';
import { TagFeedbackHandler } from './application/tag-feedback.handler.js';
import { LexiconTagger } from './domain/lexicon-tagger.js';
import { FeedbackReceivedConsumer } from './inbound/feedback-received.consumer.js';
import { afinnLexicon, lexiconName } from './infrastructure/afinn.lexicon.js';
import { detectLanguage } from './infrastructure/eld.detector.js';

/** feedback.received → language and sentiment → feedback.tagged. */
@Module({
  imports: [MessagingModule.forService(pipeline.sentiment, { mode: 'hop' })],
  controllers: [FeedbackReceivedConsumer],
  providers: [
    {
      provide: TagFeedbackHandler,
      useFactory: () => new TagFeedbackHandler(new LexiconTagger(afinnLexicon, lexiconName, detectLanguage)),
    },
  ],
})
export class SentimentModule {}
