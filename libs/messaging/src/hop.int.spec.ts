import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  feedbackReceived,
  feedbackTagged,
  hopEventId,
  pipeline,
  type FeedbackReceived,
  type FeedbackTagged,
} from '@closeloop/contracts';
import { eventually, type TestEnvironment } from '@closeloop/testing';
import { type IncomingEvent, ok, type Outcome } from './index.js';
import { feedback, kafkaEnvironment, receivedConsumer, receivedMessage, startStation } from './service.fixture.js';

let environment: TestEnvironment;
beforeAll(async () => {
  environment = await kafkaEnvironment();
}, 60_000);
afterAll(() => environment.close());

const tag = ({ data }: IncomingEvent<FeedbackReceived>): Outcome => {
  const position = { ...data, tagRevision: 1 };
  return ok({
    event: feedbackTagged,
    id: hopEventId('tagged', position),
    subject: data.feedbackId,
    data: { feedback: data, tagRevision: 1, tags: null },
  });
};

describe('a hop', () => {
  it('sends what its handler makes of each event, under the derived id and key, in order, with the trace', async () => {
    const tagged = await environment.record(feedbackTagged.topic);
    const service = await startStation(
      environment,
      pipeline.sentiment,
      [receivedConsumer((events) => events.map(tag))],
      {
        mode: 'hop',
      },
    );
    try {
      const names = Array.from({ length: 200 }, (_, at) => `plain-${at}`);
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      await environment.publish(
        feedbackReceived.topic,
        names.map((name) => receivedMessage(feedback(name), { traceparent })),
      );
      await eventually(() => expect(tagged.messages).toHaveLength(names.length));
      expect(new Set(tagged.json<FeedbackTagged>().map((event) => event.feedback.externalId))).toEqual(new Set(names));
      const [first] = tagged.messages;
      const data = JSON.parse(first!.value.toString('utf8')) as FeedbackTagged;
      expect(first!.key).toBe(data.feedback.feedbackId);
      expect(first!.headers).toMatchObject({
        ce_id: hopEventId('tagged', { ...data.feedback, tagRevision: 1 }),
        ce_type: 'feedback.tagged.v1',
        ce_source: 'closeloop/spec',
        ce_subject: data.feedback.feedbackId,
        ce_specversion: '1.0',
        'content-type': 'application/json',
        traceparent,
      });
      expect(Date.now() - first!.timestamp).toBeLessThan(60_000);
    } finally {
      await service.close();
    }
  });
});
