/** By what `keyOf` says, in the order in which they came; those of which it says undefined are left out. */
export function groupedBy<T>(items: Iterable<T>, keyOf: (item: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** One of each; the last of several. */
export const byKey = <T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T> =>
  new Map([...items].map((item) => [keyOf(item), item]));

/** Adds up. */
export function countedBy<T>(items: Iterable<T>, keyOf: (item: T) => string, countOf: (item: T) => number = () => 1) {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + countOf(item));
  }
  return counts;
}
