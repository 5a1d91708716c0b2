import { describe, expect, it } from '@jest/globals';
import { feedbackInbound, feedbackReceived, feedbackTagged, type FeedbackReceived } from '@closeloop/contracts';
import fc from 'fast-check';
import { type IHeaders, type KafkaMessage } from 'kafkajs';
import { decoderOf, encodeEvent, EventTooLarge } from './cloud-event.js';
import { feedback, receivedMessage, tagged } from './event.fixture.js';

const decode = decoderOf(feedbackReceived, 'closeloop.sentiment');
const messageOf = (value: Buffer | string | null, headers: IHeaders): KafkaMessage => ({
  key: Buffer.from('k'),
  value: value === null ? null : Buffer.from(value),
  headers,
  offset: '7',
  timestamp: '1700000000000',
  attributes: 0,
});
const { headers, value: data } = receivedMessage(feedback('one', 'ü 🙂 "quoted"'));
const valid = JSON.stringify(data);
const reasonOf = (value: Buffer | string | null, changed: Record<string, string | undefined> = {}) => {
  const decoded = decode(messageOf(value, { ...headers, ...changed }), 2);
  return decoded.kind === 'dead-letter' ? decoded.reason : decoded.kind;
};

describe('an event off the wire', () => {
  it('is read with what stands in its headers', () => {
    expect(decode(messageOf(valid, { ...headers, traceparent: 'tp' }), 2)).toMatchObject({
      kind: 'event',
      event: {
        id: headers.ce_id,
        type: 'feedback.received.v1',
        source: 'closeloop/ingestion',
        subject: data.feedbackId,
        time: '2026-01-01T00:00:00.000Z',
        data,
        json: Buffer.from(valid),
        key: 'k',
        topic: 'feedback.received.v1',
        partition: 2,
        offset: '7',
        replayed: false,
        headers: { ...headers, traceparent: 'tp' },
      },
    });
  });

  it('may have grown fields, when it is one of our own; what others offer may not', () => {
    expect(reasonOf(JSON.stringify({ ...data, later: 1 }))).toBe('event');
    const inbound = { source: 's', externalId: 'x', channel: 'review', text: 't' };
    const read = (offered: object) =>
      decoderOf(feedbackInbound, 'g')(
        messageOf(JSON.stringify(offered), { ...headers, ce_type: feedbackInbound.topic }),
        0,
      );
    expect(read(inbound).kind).toBe('event');
    expect(read({ ...inbound, surprise: 1 })).toMatchObject({ kind: 'dead-letter', reason: 'invalid-schema' });
  });

  it.each([
    ['unknown-type', valid, { ce_type: 'feedback.received.v2' }],
    ['unknown-type', valid, { ce_type: undefined }],
    ['unknown-type', valid, { ce_specversion: '2.0' }],
    ['invalid-schema', valid, { ce_id: undefined }],
    ['invalid-schema', valid, { ce_source: '' }],
    ['invalid-schema', '[]', {}],
    ['invalid-json', '', {}],
    ['invalid-json', null, {}],
    ['invalid-json', Buffer.from([0x22, 0xff, 0x22]), {}],
    ['invalid-json', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), {}],
    ['too-large', JSON.stringify({ ...data, text: 'x'.repeat(256 * 1024) }), {}],
    ['forbidden-characters', valid.replace('quoted', 'quo\\ud800ted'), {}],
    ['forbidden-characters', valid.replace('quoted', 'quo\\u0000ted'), {}],
    ['event', valid.replace('quoted', 'quo\\ud83d\\ude42ted'), {}],
    ['skip', 'not even JSON', { replay_group: 'closeloop.routing' }],
    ['event', valid, { replay_group: 'closeloop.sentiment' }],
  ])('%s: %.40s %j', (reason, value, changed) => {
    expect(reasonOf(value, changed)).toBe(reason);
  });

  it('whatever bytes come, it says what they are, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.dictionary(fc.string(), fc.string()), (bytes, more) => {
        const decoded = decode(messageOf(Buffer.from(bytes), { ...headers, ...more }), 0);
        expect(['skip', 'dead-letter', 'event']).toContain(decoded.kind);
      }),
    );
  });

  it('is told of without the customer’s words', () => {
    const decoded = decode(messageOf('{"text":"Jane Doe, 12 Elm Street', headers), 0);
    expect(JSON.stringify(decoded)).not.toContain('Elm');
  });
});

describe('an event onto the wire', () => {
  it('is read back as it was sent', () => {
    const { key, value, headers: sent } = encodeEvent(tagged(data), 'closeloop/sentiment');
    expect(key).toEqual(Buffer.from(data.feedbackId));
    const decoded = decoderOf(feedbackTagged, 'g')(
      messageOf(
        value!,
        Object.fromEntries(Object.entries(sent).map(([name, text]) => [name, Buffer.from(text as string)])),
      ),
      0,
    );
    expect(decoded).toMatchObject({ kind: 'event', event: { data: { feedback: data, tagRevision: 1, tags: null } } });
    expect('traceparent' in sent).toBe(false);
  });

  it('is refused when its topic would not take it', () => {
    const large: FeedbackReceived = { ...data, text: 'x'.repeat(600 * 1024) };
    expect(() => encodeEvent(tagged(large), 's')).toThrow(EventTooLarge);
  });
});
