import {
  deadLetterTopic,
  feedbackReceived,
  feedbackTagged,
  hopEventId,
  type Feedback,
  type FeedbackTagged,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { feedbackWith } from './domain/feedback.fixture.js';
import { learningDatabase } from './learning.database.js';
import { SentimentModule } from './sentiment.module.js';

const uuid = (last: number): string => `00000000-0000-5000-8000-${String(last).padStart(12, '0')}`;

describe('sentiment, on a real Kafka', () => {
  let environment: TestEnvironment;
  let service: RunningService;
  let tagged: Recorder;
  let deadLetters: Recorder;

  const headersOf = (feedbackId: string, id: string) => ({
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: feedbackReceived.topic,
    ce_source: 'closeloop/ingestion',
    ce_subject: feedbackId,
    ce_time: '2026-11-21T10:00:00.000Z',
    'content-type': 'application/json',
  });
  const publish = (feedback: Feedback) =>
    environment.publish(feedbackReceived.topic, [
      {
        key: feedback.feedbackId,
        value: feedback,
        headers: headersOf(feedback.feedbackId, hopEventId('received', feedback)),
      },
    ]);
  const taggedOf = (feedbackId: string) => tagged.messages.filter(({ key }) => key === feedbackId);
  const arrivals = (feedbackId: string, count: number) =>
    eventually(() => expect(taggedOf(feedbackId)).toHaveLength(count), { timeoutMs: 20_000 });

  beforeAll(async () => {
    environment = await testEnvironment({ prefix: 'sentiment' });
    await Promise.all([
      createTopics(environment.env),
      // where the active model stands
      migrateDatabase('learning', learningDatabase, environment.env),
    ]);
    [tagged, deadLetters] = await Promise.all([
      environment.record(feedbackTagged.topic),
      environment.record(deadLetterTopic(feedbackReceived.topic)),
    ]);
    service = await createService('sentiment', SentimentModule, { env: environment.env, logger: false });
  });

  afterAll(async () => {
    await service?.close();
    await environment?.close();
  });

  it('given a feedback: feedback.tagged with the feedback, its tags and a derived id', async () => {
    const feedback = feedbackWith({
      feedbackId: uuid(1),
      text: 'Terrible flight, they lost our bags and nobody helped',
      rating: { value: 1, scale: 5 },
    });
    await publish(feedback);
    await arrivals(uuid(1), 1);
    const [message] = taggedOf(uuid(1));
    expect(message?.headers).toMatchObject({
      ce_id: hopEventId('tagged', { ...feedback, tagRevision: 1 }),
      ce_type: 'feedback.tagged.v1',
      ce_source: 'closeloop/sentiment',
      ce_subject: uuid(1),
    });
    expect(JSON.parse(message?.value.toString() ?? '')).toMatchObject({
      feedback,
      tagRevision: 1,
      tags: { language: { tag: 'en' }, sentiment: { label: 'negative' }, ratingMismatch: false, taggedBy: 'model' },
    });
  });

  it('given the same event again: the same id and the same bytes', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(2), text: 'Lovely stay, thank you 😀' });
    await publish(feedback);
    await publish(feedback);
    await arrivals(uuid(2), 2);
    const [first, second] = taggedOf(uuid(2));
    expect(second?.headers['ce_id']).toBe(first?.headers['ce_id']);
    expect(second?.value.equals(first?.value ?? Buffer.alloc(0))).toBe(true);
  });

  it('given a deletion: passes it on without tags', async () => {
    await publish(feedbackWith({ feedbackId: uuid(3), kind: 'deleted', revision: 2 }));
    await arrivals(uuid(3), 1);
    const value = JSON.parse(taggedOf(uuid(3))[0]?.value.toString() ?? '') as FeedbackTagged;
    expect(value.tags).toBeNull();
    expect(value.feedback).toMatchObject({ kind: 'deleted', revision: 2 });
  });

  it('given a poison event among others: a dead letter, and the others go on', async () => {
    await publish(feedbackWith({ feedbackId: uuid(4), text: 'before' }));
    await environment.publish(feedbackReceived.topic, [
      { key: uuid(5), value: '{"feedbackId": broken', headers: headersOf(uuid(5), uuid(50)) },
    ]);
    await publish(feedbackWith({ feedbackId: uuid(6), text: 'after' }));
    await arrivals(uuid(4), 1);
    await arrivals(uuid(6), 1);
    await eventually(() => expect(deadLetters.messages).toHaveLength(1));
    expect(deadLetters.messages[0]).toMatchObject({
      key: uuid(5),
      headers: { dl_reason: 'invalid-json', dl_topic: feedbackReceived.topic },
    });
    expect(taggedOf(uuid(5))).toEqual([]);
  });

  it('given the longest text there can be, without a space: tags it', async () => {
    await publish(feedbackWith({ feedbackId: uuid(7), text: '1'.repeat(20_000) }));
    await arrivals(uuid(7), 1);
  });
});
