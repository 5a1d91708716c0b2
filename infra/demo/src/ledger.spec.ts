import { describe, expect, it } from '@jest/globals';
import { brokenSums, isSettled, resultOf, type Ledger } from './ledger.js';

const ledger = (change: Partial<Ledger> = {}): Ledger => ({
  results: { accepted: 5, revised: 1, duplicate: 1, stale: 1, rejected: 1, 'dead-inbound': 1 },
  outcomes: { loop: 1, joined: 1, 'no-loop': 1, withdrawn: 1, 'dead-letter': 1, none: 0 },
  teams: { support: 3, '': 1 },
  sentiments: {},
  unsettled: { total: 0 },
  ...change,
});
const worked = {
  ...{ byState: {}, reopened: 0, escalated: 0, breached: 0, staleDrafts: 0 },
  deliveries: { sent: 0, failed: 0, retried: 0 },
};
const sums = (sent: number, of: Ledger): string[] =>
  brokenSums(resultOf(sent, of, worked, { start: 1, pipeline: 1 }), of.unsettled.total);

describe('the sums of the demo', () => {
  it('hold when every item is accounted for', () => expect(sums(10, ledger())).toEqual([]));

  it('break when an item was answered and not counted', () => expect(sums(11, ledger())).toHaveLength(1));

  it('break when a feedback became nothing', () => {
    const { outcomes } = ledger();
    expect(sums(10, ledger({ outcomes: { ...outcomes, loop: 0 } }))).toHaveLength(1);
    expect(sums(10, ledger({ outcomes: { ...outcomes, loop: 0, none: 1 } }))).toEqual(['missing is 1']);
  });

  it('break when a last revision is not settled though the first is', () =>
    expect(sums(10, ledger({ unsettled: { total: 1 } }))).toHaveLength(1));

  it('are not asked for before all that was sent is counted', () => {
    expect(isSettled(ledger(), 10)).toBe(true);
    expect(isSettled(ledger(), 11)).toBe(false);
    expect(isSettled(ledger({ unsettled: { total: 1 } }), 10)).toBe(false);
  });
});
