import { Controller, Inject } from '@nestjs/common';
import { ClientKafka, EventPattern, Payload } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { SentimentIntensityAnalyzer } from 'vader-sentiment';
import { FeedbackReceivedDto, type TagsDto } from './feedback.dto.js';
import { topics } from './settings.js';

@Controller()
export class SentimentController {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  @EventPattern(topics.received)
  async tag(@Payload() feedback: FeedbackReceivedDto): Promise<void> {
    const tags = tagsOf(feedback.text ?? '');
    await lastValueFrom(this.kafka.emit(topics.tagged, { key: feedback.feedbackId, value: { ...feedback, tags } }));
  }
}

/** By the thresholds that VADER's authors give. */
function tagsOf(text: string): TagsDto {
  const { compound } = SentimentIntensityAnalyzer.polarity_scores(text);
  const sentiment = compound >= 0.05 ? 'positive' : compound <= -0.05 ? 'negative' : 'neutral';
  return { sentiment, score: compound };
}
