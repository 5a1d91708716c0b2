/** A set of revisions (integers from 1) as sorted, disjoint, non-adjacent ranges, both ends included. */
export type RevisionSet = readonly (readonly [from: number, to: number])[];

export const noRevisions: RevisionSet = [];

export const hasRevision = (set: RevisionSet, revision: number): boolean =>
  set.some(([from, to]) => from <= revision && revision <= to);

export function addRevision(set: RevisionSet, revision: number): RevisionSet {
  if (hasRevision(set, revision)) return set;
  const ranges = [...set, [revision, revision] as const].sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = merged.at(-1);
    if (last && last[1] + 1 >= from) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Each revision of the set, from the lowest. */
export const revisionsIn = (set: RevisionSet): number[] =>
  set.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));

/** The highest revision of `set` that `other` has not; 0 for none. */
export function highestOutside(set: RevisionSet, other: RevisionSet): number {
  for (const [from, to] of [...set].reverse())
    for (let revision = to; revision >= from; revision--) if (!hasRevision(other, revision)) return revision;
  return 0;
}

/** `1-3,5`; the empty text for the empty set. */
export const formatRevisions = (set: RevisionSet): string =>
  set.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');

/** Reads what `formatRevisions` wrote. */
export const parseRevisions = (text: string): RevisionSet =>
  text === ''
    ? noRevisions
    : text.split(',').map((range) => {
        const [from, to] = range.split('-').map(Number);
        return [from!, to ?? from!] as const;
      });
