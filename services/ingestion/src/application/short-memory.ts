interface Remembered<T> {
  readonly value: Promise<T>;
  readonly until: number;
}

/**
 * Remembers what was looked up for a few seconds: many that ask at once ask the database once, and what changes elsewhere
 * is seen soon. What is not there is remembered too, so that guesses do not reach the database each time; failures are not.
 */
export class ShortMemory<T> {
  private readonly entries = new Map<string, Remembered<T>>();

  constructor(
    private readonly lookUp: (key: string) => Promise<T>,
    /** How long a value is believed, in milliseconds */
    private readonly forMs: number,
    private readonly maxEntries = 10_000,
  ) {}

  get(key: string): Promise<T> {
    const now = performance.now();
    const known = this.entries.get(key);
    if (known && known.until > now) return known.value;
    const entry: Remembered<T> = { value: this.lookUp(key), until: now + this.forMs };
    // taken out first, so that the oldest entry stays the first of the map
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size > this.maxEntries) this.entries.delete(this.entries.keys().next().value!);
    entry.value.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return entry.value;
  }

  /** The next one who asks looks it up. */
  forget(key: string): void {
    this.entries.delete(key);
  }
}
