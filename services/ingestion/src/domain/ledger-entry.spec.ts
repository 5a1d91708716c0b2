import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emptyEntry, isLetterOpen, isUnsettled, openLetterOf, withFact, type LedgerFact } from './ledger-entry.js';

const settled = (
  revision: number,
  settlement: number,
  outcome: 'loop' | 'joined' | 'no-loop' | 'withdrawn' | 'superseded' = 'loop',
): LedgerFact => ({
  kind: 'settled',
  revision,
  settlement,
  outcome,
  ...(outcome === 'loop' && { loopId: `loop-${settlement}`, team: 'support' }),
});
const dead = (revision: number): LedgerFact => ({ kind: 'dead', revision });
const after = (...facts: LedgerFact[]) => facts.reduce(withFact, emptyEntry);

describe('The ledger of one feedback', () => {
  it('is unsettled until its latest revision has an outcome', () => {
    expect(isUnsettled(after(), 1)).toBe(true);
    expect(isUnsettled(after(settled(1, 1)), 1)).toBe(false);
    expect(isUnsettled(after(settled(1, 1)), 2)).toBe(true);
  });

  it('is unsettled no longer when its latest revision died', () => {
    expect(isUnsettled(after(dead(1)), 1)).toBe(false);
    expect(isUnsettled(after(dead(1)), 2)).toBe(true);
  });

  it('keeps what stood before while a revision is under way', () => {
    expect(after(settled(1, 1))).toMatchObject({ outcome: 'loop', loopId: 'loop-1', settledRevision: 1 });
  });

  it('applies only a higher settlement', () => {
    expect(after(settled(2, 5, 'no-loop'), settled(1, 4))).toMatchObject({
      outcome: 'no-loop',
      settlement: 5,
      settledRevision: 2,
    });
  });

  it('an outcome that has no loop takes the loop of the one before away', () => {
    expect(after(settled(1, 1), settled(2, 2, 'withdrawn'))).not.toHaveProperty('loopId');
  });

  it('an outcome beats a dead letter of the same revision, whichever comes first', () => {
    for (const entry of [after(dead(1), settled(1, 1)), after(settled(1, 1), dead(1))]) {
      expect(entry.outcome).toBe('loop');
      expect(isLetterOpen(entry, 1)).toBe(false);
    }
  });

  it('revision 1 looped and 2 dead is a loop with a letter', () => {
    const entry = after(settled(1, 1), dead(2));
    expect(entry).toMatchObject({ outcome: 'loop', settledRevision: 1 });
    expect(isLetterOpen(entry, 2)).toBe(true);
    expect(isUnsettled(entry, 2)).toBe(false);
  });

  it('revision 1 dead and 2 looped is a loop, the letter of 1 still listed', () => {
    const entry = after(dead(1), settled(2, 1));
    expect(isLetterOpen(entry, 1)).toBe(true);
    expect(isUnsettled(entry, 2)).toBe(false);
  });

  it('superseded closes the letter and never stands', () => {
    for (const entry of [
      after(dead(1), settled(2, 1), settled(1, 2, 'superseded')),
      after(settled(1, 2, 'superseded'), settled(2, 1), dead(1)),
    ]) {
      expect(entry).toMatchObject({ outcome: 'loop', settledRevision: 2, settlement: 1 });
      expect(isLetterOpen(entry, 1)).toBe(false);
    }
  });

  it('is the same in whatever order the facts come, and however often', () => {
    const facts = fc.uniqueArray(
      fc.oneof(
        fc.record({
          kind: fc.constant('settled' as const),
          revision: fc.integer({ min: 1, max: 6 }),
          settlement: fc.integer({ min: 1, max: 40 }),
          outcome: fc.constantFrom('loop', 'joined', 'no-loop', 'withdrawn', 'superseded' as const),
          team: fc.constantFrom('support', 'billing'),
        }),
        fc.record({ kind: fc.constant('dead' as const), revision: fc.integer({ min: 1, max: 6 }) }),
      ),
      // a settlement counter is never given twice
      { selector: (fact) => (fact.kind === 'settled' ? fact.settlement : -fact.revision), maxLength: 15 },
    );
    const permuted = facts.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list)),
    );
    fc.assert(
      fc.property(permuted, ([list, shuffled, again]) => {
        const entry = after(...list);
        expect(after(...shuffled, ...again)).toEqual(entry);
        for (let revision = 1; revision <= 6; revision++)
          expect(isLetterOpen(entry, revision)).toBe(
            list.some((fact) => fact.kind === 'dead' && fact.revision === revision) &&
              !list.some((fact) => fact.kind === 'settled' && fact.revision === revision),
          );
        expect(openLetterOf(entry)).toBe(Math.max(0, ...[1, 2, 3, 4, 5, 6].filter((one) => isLetterOpen(entry, one))));
      }),
    );
  });
});
