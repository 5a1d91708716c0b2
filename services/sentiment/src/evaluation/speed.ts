export interface Speed {
  readonly textsPerSecond: number;
  /** Of single texts, by the clock */
  readonly p99Microseconds: number;
}

/** The most texts that are timed: enough for a p99, however large the file is. */
const mostTexts = 20_000;

/**
 * How fast `work` goes through texts, after a first pass that warms up. Seconds of the processor, not of the clock, so that what else
 * a machine does counts little.
 */
export function speedOf<T>(texts: readonly T[], work: (text: T) => unknown): Speed {
  const some = texts.slice(0, mostTexts);
  for (const text of some) work(text);
  const micros: number[] = [];
  const before = process.cpuUsage();
  for (const text of some) {
    const begun = performance.now();
    work(text);
    micros.push((performance.now() - begun) * 1000);
  }
  const { user, system } = process.cpuUsage(before);
  micros.sort((one, other) => one - other);
  return {
    textsPerSecond: Math.round((some.length / (user + system)) * 1e6),
    p99Microseconds: Math.round(micros[Math.floor((micros.length - 1) * 0.99)]!),
  };
}
