import {
  deriveId,
  feedbackReceived,
  feedbackTagged,
  hopEventId,
  type FeedbackReceived,
  type FeedbackTagged,
} from '@closeloop/contracts';
import { type OutgoingEvent } from './outcome.js';

/** A tagged event without tags, as a step would send it. */
export const tagged = (data: FeedbackReceived): OutgoingEvent<FeedbackTagged> => ({
  event: feedbackTagged,
  id: hopEventId('tagged', { ...data, tagRevision: 1 }),
  subject: data.feedbackId,
  data: { feedback: data, tagRevision: 1, tags: null },
});

/** A feedback that is valid as feedback.received.v1 says. */
export function feedback(name: string, text = `said by ${name}`): FeedbackReceived {
  return {
    feedbackId: deriveId('spec', name),
    revision: 1,
    kind: 'created',
    contentHash: '0'.repeat(64),
    source: 'spec',
    externalId: name,
    channel: 'review',
    text,
    receivedAt: '2026-01-01T00:00:00.000Z',
    historic: false,
  };
}

/** One name for each of the reasons that a message itself can give, and what is wrong with it. */
export const poison = (
  headers: Record<string, string>,
): Record<string, { value: string | Buffer; headers: Record<string, string> }> => {
  const valid = JSON.stringify(feedback('poison'));
  return {
    'invalid-json': { value: '{"feedbackId":', headers },
    'invalid-schema': { value: valid.replace('"review"', '"rumour"'), headers },
    'unknown-type': { value: valid, headers: { ...headers, ce_type: 'feedback.imagined.v1' } },
    'too-large': { value: JSON.stringify(feedback('poison', 'x'.repeat(300 * 1024))), headers },
    'forbidden-characters': { value: valid.replace('said by', 'said\\u0000by'), headers },
  };
};

/** The message of a feedback, as another service would send it. */
export function receivedMessage(data: FeedbackReceived, headers: Record<string, string> = {}) {
  return {
    key: data.feedbackId,
    value: data,
    headers: {
      ce_id: hopEventId('received', data),
      ce_type: feedbackReceived.topic,
      ce_source: 'closeloop/ingestion',
      ce_time: '2026-01-01T00:00:00.000Z',
      ce_subject: data.feedbackId,
      ce_specversion: '1.0',
      'content-type': 'application/json',
      ...headers,
    },
  };
}
