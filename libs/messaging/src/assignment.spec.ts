import { describe, expect, it } from '@jest/globals';
import { OwnedPartition } from './assignment.js';

const at = (position: bigint) => {
  const partition = new OwnedPartition('t', 0);
  partition.position = position;
  return partition;
};

describe('a batch follows on the position', () => {
  it('when it was fetched there, and not when it was fetched before or behind it', () => {
    const partition = at(3n);
    expect([2n, 3n, 4n].map((offset) => partition.followsOn(offset))).toEqual([false, true, false]);
  });

  it('when only what no consumer may see lies between, in one fetch or in several', () => {
    const partition = at(3n);
    partition.filtered(3n, 3n);
    expect(partition.followsOn(4n)).toBe(true);
    partition.filtered(4n, 9n);
    expect(partition.followsOn(10n)).toBe(true);
    expect(partition.followsOn(11n)).toBe(false);
  });

  it('not when something was between what was filtered', () => {
    const partition = at(3n);
    partition.filtered(3n, 3n);
    partition.filtered(5n, 6n);
    expect(partition.followsOn(7n)).toBe(false);
    expect(partition.followsOn(4n)).toBe(false);
  });

  it('not when what was filtered began behind the position', () => {
    const partition = at(3n);
    partition.filtered(4n, 9n);
    expect(partition.followsOn(10n)).toBe(false);
  });

  it('not before the position was read', () => {
    expect(new OwnedPartition('t', 0).followsOn(0n)).toBe(false);
  });
});
