import { describe, expect, it } from '@jest/globals';
import { aimOf, answeredBy, type Answerable } from './answer.js';

const now = new Date('2026-03-01T12:00:00Z');
const seconds = (n: number): Date => new Date(now.getTime() + n * 1000);

describe('who is answering', () => {
  const ann = { agent: 'ann', since: seconds(-30), until: seconds(30) };
  const ben = { agent: 'ben', since: seconds(-10), until: seconds(50) };
  it('is whoever began first, in any order', () => {
    for (const writing of [
      [ann, ben],
      [ben, ann],
    ]) {
      expect(answeredBy(writing, 'ben', now)).toBe('ann');
      expect(answeredBy(writing, 'zoe', now)).toBe('ann');
      expect(answeredBy(writing, 'ann', now)).toBeUndefined();
    }
  });
  it('is nobody any more once the time is over', () => {
    expect(answeredBy([ann, ben], 'ben', seconds(30))).toBeUndefined();
    expect(answeredBy([ann, ben], 'zoe', seconds(30))).toBe('ben');
    expect(answeredBy([ann, ben], 'zoe', seconds(50))).toBeUndefined();
    expect(answeredBy([], 'zoe', now)).toBeUndefined();
  });
  it('of two who began at once is the same for everyone', () => {
    const both = [{ ...ben, since: ann.since }, ann];
    expect(answeredBy(both, 'ben', now)).toBe('ann');
    expect(answeredBy(both, 'ann', now)).toBeUndefined();
  });
});

describe('what an answer answers', () => {
  const one: Answerable = { feedbackId: 'f-1', revision: 3, withdrawn: false };
  const two: Answerable = { feedbackId: 'f-2', revision: 1, withdrawn: false };
  const gone: Answerable = { feedbackId: 'f-3', revision: 2, withdrawn: true };

  it('is the only feedback there is, as it reads now', () => {
    expect(aimOf([one, gone], {}, true)).toEqual({ kind: 'aimed', feedback: { feedbackId: 'f-1', revision: 3 } });
  });
  it('is what is named, or what the writer’s draft answers', () => {
    expect(aimOf([one, two], { feedbackId: 'f-2' }, true)).toMatchObject({
      feedback: { feedbackId: 'f-2', revision: 1 },
    });
    expect(aimOf([one, two], { draft: two }, true)).toMatchObject({ feedback: { feedbackId: 'f-2' } });
    expect(aimOf([one, two], {}, true)).toEqual({ kind: 'ambiguous' });
    // an answer that was given elsewhere need not say
    expect(aimOf([one, two], {}, false)).toEqual({ kind: 'aimed' });
  });
  it('is stale where the words were revised since they were read, unless that is confirmed', () => {
    for (const aim of [
      { feedbackId: 'f-1', revision: 2 },
      { draft: { feedbackId: 'f-1', revision: 1 } },
      { feedbackId: 'f-1', draft: { feedbackId: 'f-1', revision: 2 } },
    ]) {
      for (const send of [true, false]) {
        expect(aimOf([one, two], aim, send)).toEqual({ kind: 'stale', latest: { feedbackId: 'f-1', revision: 3 } });
        expect(aimOf([one, two], { ...aim, confirmStale: true }, send)).toMatchObject({ kind: 'aimed' });
      }
    }
    // what is named counts more than the draft
    expect(aimOf([one], { revision: 3, draft: { feedbackId: 'f-1', revision: 1 } }, true)).toMatchObject({
      kind: 'aimed',
    });
  });
  it('is in this loop, and not of the future', () => {
    expect(aimOf([one], { feedbackId: 'f-9' }, false)).toMatchObject({ reason: 'not-in-it' });
    expect(aimOf([one], { revision: 4 }, false)).toMatchObject({ reason: 'not-in-it' });
  });
  it('is not sent to where its source has deleted it', () => {
    expect(aimOf([one, gone], { feedbackId: 'f-3' }, true)).toMatchObject({ reason: 'withdrawn' });
    expect(aimOf([one, gone], { feedbackId: 'f-3' }, false)).toMatchObject({ kind: 'aimed' });
  });
});
