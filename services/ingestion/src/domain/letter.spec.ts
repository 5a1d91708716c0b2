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
    expect(claimOf(letter({ json, group: 'closeloop.insights' }))).toEqual({ kind: 'other' });
    expect(claimOf(letter({ json, group: pipeline.sentiment.group }))).toEqual({ kind: 'other' });
    expect(claimOf(letter({ json, id: 'not an id' }))).toEqual({ kind: 'other' });
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
