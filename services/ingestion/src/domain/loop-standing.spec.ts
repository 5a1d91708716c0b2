import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { laterStanding, type LoopStanding } from './loop-standing.js';

describe('Where a loop stands', () => {
  it('is what the highest version says, and whose it is stays known, in any order', () => {
    const heard = fc.uniqueArray(
      fc.record({ version: fc.integer({ min: 1, max: 20 }), state: fc.constantFrom('opened', 'resolved' as const) }),
      { selector: ({ version }) => version, minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(
        heard.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.nat()),
        ),
        ([list, shuffled, opener]) => {
          const opened = list[opener % list.length]!.version;
          const standings = shuffled.map(({ version, state }): LoopStanding => ({
            version,
            state,
            cycle: 1,
            team: 'support',
            priority: 'low',
            changedAt: '2026-11-21T12:00:00.000Z',
            ...(version === opened && { source: 'shop' }),
          }));
          const last = standings.reduce<LoopStanding | undefined>(laterStanding, undefined)!;
          const highest = list.reduce((a, b) => (a.version > b.version ? a : b));
          expect(last).toMatchObject({ ...highest, source: 'shop' });
        },
      ),
    );
  });
});
