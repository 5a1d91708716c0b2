import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addRevision,
  formatRevisions,
  hasRevision,
  highestOutside,
  noRevisions,
  parseRevisions,
} from './revision-set.js';

const revisions = fc.array(fc.integer({ min: 1, max: 30 }));
const setOf = (list: readonly number[]) => list.reduce(addRevision, noRevisions);

describe('A set of revisions', () => {
  it('has what was added, in ranges as few as can be', () => {
    expect(formatRevisions(setOf([5, 1, 3, 2]))).toBe('1-3,5');
    fc.assert(
      fc.property(revisions, (list) => {
        for (let revision = 1; revision <= 30; revision++)
          expect(hasRevision(setOf(list), revision)).toBe(list.includes(revision));
        setOf(list).reduce((last, [from, to]) => {
          expect(from).toBeGreaterThan(last + 1);
          expect(to).toBeGreaterThanOrEqual(from);
          return to;
        }, -1);
      }),
    );
  });

  it('reads what it wrote', () =>
    fc.assert(
      fc.property(revisions, (list) => expect(parseRevisions(formatRevisions(setOf(list)))).toEqual(setOf(list))),
    ));

  it('tells the highest that another has not', () =>
    fc.assert(
      fc.property(revisions, revisions, (list, other) => {
        expect(highestOutside(setOf(list), setOf(other))).toBe(
          Math.max(0, ...list.filter((one) => !other.includes(one))),
        );
      }),
    ));
});
