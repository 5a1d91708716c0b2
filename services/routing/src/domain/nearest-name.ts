/** The name that differs least from the word, where it does not differ by half of it. */
function nearestName(word: string, names: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = distanceOf(word, name);
    if (distance <= Math.max(2, word.length / 2) && (!best || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

/** "; did you mean …?", or nothing where no name is near. */
export const hintAt = (word: string, names: Iterable<string>): string => {
  const near = nearestName(word, names);
  return near === undefined ? '' : `; did you mean ${near}?`;
};

/** Levenshtein. */
function distanceOf(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    before = row;
  }
  return before[b.length]!;
}
