import { feedbackIdOf, hopEventId, pipeline } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import { claimOf, revisionOf, type Letter } from './letter.js';

const feedbackId = feedbackIdOf('shop', '7');
const contentHash = 'a'.repeat(64);
const letter = (given: Partial<Letter> & { json?: unknown }): Letter => ({
  id: feedbackIdOf('letter', '1'),
  group: pipeline.routing.group,
  topic: 'feedback.tagged.v1',
  key: null,
  value: given.json === undefined ? null : Buffer.from(JSON.stringify(given.json)),
  headers: {},
  ...given,
});

describe('Whose a dead letter is', () => {
  it('is told by its value, where that can be read', () => {
    expect(claimOf(letter({ json: { feedback: { feedbackId, revision: 2 } } }))).toMatchObject({
      feedbackId,
      revision: 2,
    });
    const received = { topic: 'feedback.received.v1', group: pipeline.sentiment.group };
    expect(claimOf(letter({ ...received, json: { feedbackId, revision: 3 } }))).toMatchObject({
      feedbackId,
      revision: 3,
    });
  });

  it('is told by the derived id of the event, where the value cannot be read', () => {
    for (const [step, topic, group, tagRevision, routeRevision] of [
      ['received', 'feedback.received.v1', pipeline.sentiment.group, 0, 0],
      ['tagged', 'feedback.tagged.v1', pipeline.routing.group, 1, 0],
      ['routed', 'feedback.routed.v1', pipeline.loop.group, 1, 1],
    ] as const) {
      const eventId = hopEventId(step, { feedbackId, revision: 2, tagRevision, routeRevision, contentHash });
      const claim = claimOf(
        letter({ topic, group, value: Buffer.from([0xff, 0x7b]), headers: { ce_id: eventId, ce_subject: feedbackId } }),
      );
      if (claim.kind !== 'accepted') throw new Error(claim.kind);
      expect(claim).not.toHaveProperty('revision');
      expect(
        revisionOf(claim, [
          { revision: 1, contentHash: 'b'.repeat(64) },
          { revision: 2, contentHash },
        ]),
      ).toBe(2);
      expect(revisionOf({ ...claim, eventId: 'made up' }, [{ revision: 2, contentHash }])).toBeUndefined();
    }
  });

  it('is of no revision where the value names none that could be', () => {
    for (const revision of ['2', 0, 1.5, 2 ** 31, null])
      expect(claimOf(letter({ json: { feedback: { feedbackId, revision } } }))).not.toHaveProperty('revision');
    expect(claimOf(letter({ json: { feedback: { feedbackId: 'x', revision: 1 } } }))).not.toHaveProperty('feedbackId');
  });

  it("is nobody's when a group died that settles nothing, or what wrote it was not messaging", () => {
    const json = { feedback: { feedbackId, revision: 2 } };
    expect(claimOf(letter({ json, group: pipeline.learning.group }))).toEqual({ kind: 'other' });
    expect(claimOf(letter({ json, group: pipeline.sentiment.group }))).toEqual({ kind: 'other' });
    expect(claimOf(letter({ json, id: 'not an id' }))).toEqual({ kind: 'other' });
  });

  it('is of a feedback and of no revision, for what is said to a customer', () => {
    for (const [topic, group] of [
      ['reply-requested.v1', pipeline.ingestion.group],
      ['reply-sent.v1', pipeline.loop.group],
      ['reply-failed.v1', pipeline.loop.group],
    ] as const) {
      expect(claimOf(letter({ topic, group, json: { feedbackId, revision: 2 } }))).toEqual({
        kind: 'reply',
        feedbackId,
      });
      expect(claimOf(letter({ topic, group, value: Buffer.from('no json') }))).toEqual({ kind: 'reply' });
      expect(claimOf(letter({ topic, group: pipeline.routing.group }))).toEqual({ kind: 'other' });
    }
  });

  it('is of a feedback and of no revision, for what insights cannot count', () => {
    const { group } = pipeline.insights;
    const json = { feedback: { feedbackId, revision: 2 } };
    expect(claimOf(letter({ topic: 'feedback.routed.v1', group, json }))).toEqual({ kind: 'beside', feedbackId });
    const loop = { topic: 'loop.changed.v1', group, headers: { ce_subject: feedbackIdOf('a', 'loop') } };
    expect(claimOf(letter({ ...loop, json }))).toEqual({ kind: 'beside', feedbackId });
    expect(claimOf(letter({ ...loop, value: Buffer.from('no json') }))).toEqual({ kind: 'beside' });
    expect(claimOf(letter({ ...loop, json, group: pipeline.ingestion.group }))).toEqual({ kind: 'other' });
    for (const [topic, of] of [
      ['notice-settled.v1', group],
      ['notice-requested.v1', pipeline.loop.group],
      ['insight.raised.v1', pipeline.loop.group],
      ['insight.changed.v1', pipeline.loop.group],
    ] as const) {
      expect(claimOf(letter({ ...loop, topic, group: of, json: {} }))).toEqual({ kind: 'beside' });
      expect(claimOf(letter({ ...loop, topic, group: pipeline.routing.group, json: {} }))).toEqual({ kind: 'other' });
    }
  });

  it('is of its source, for what died at the door', () => {
    const inbound = { topic: 'feedback.inbound.v1', group: pipeline.ingestion.group };
    expect(claimOf(letter({ ...inbound, json: { source: 'shop', externalId: '7' } }))).toEqual({
      kind: 'inbound',
      source: 'shop',
      feedbackId,
    });
    expect(claimOf(letter({ ...inbound, json: { source: 'Not A Source' } }))).toEqual({ kind: 'inbound', source: '' });
    expect(claimOf(letter({ ...inbound, value: Buffer.from('no json') }))).toEqual({ kind: 'inbound', source: '' });
  });
});
