import { describe, expect, it } from '@jest/globals';
import { countsOf, stageOf, type ReconciliationRow } from './reconciliation.js';

const row = (more: Partial<ReconciliationRow>): ReconciliationRow => ({
  ...{
    feedbackId: 'f',
    acceptedRevision: 2,
    settledRevision: 0,
    settlement: 0,
    outcome: null,
    loopId: null,
    loop: null,
  },
  ...{ openLetterRevision: 0, acceptedAt: '2026-11-22T02:00:00.000Z' },
  ...more,
});

describe('the stage of a feedback', () => {
  it.each([
    ['unsettled', row({})],
    ['unsettled', row({ settledRevision: 1, outcome: 'loop' })],
    ['unsettled', row({ openLetterRevision: 1 })],
    ['dead-letter', row({ openLetterRevision: 2 })],
    ['dead-letter', row({ openLetterRevision: 2, settledRevision: 1, outcome: 'loop' })],
    ['joined', row({ settledRevision: 2, outcome: 'joined', openLetterRevision: 1 })],
    ['withdrawn', row({ settledRevision: 3, outcome: 'withdrawn' })],
  ])('is %s', (stage, given) => {
    expect(stageOf(given)).toBe(stage);
  });

  it('is counted', () => {
    expect(countsOf([row({}), row({ settledRevision: 2, outcome: 'loop' }), row({})])).toEqual({
      ...{ unsettled: 2, 'dead-letter': 0, loop: 1, joined: 0, 'no-loop': 0, withdrawn: 0 },
    });
  });
});
