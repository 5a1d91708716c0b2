/** What was asked so often is likely to be asked again. */
const timesUntilNamed = 3;
/** Most that are named: each connection that asks one keeps its plan, some tens of kilobytes. */
const mostNamed = 200;
/** Most whose times are counted; then counting begins anew. */
const mostCounted = 1_000;

/**
 * The statements that a process asks again and again, by their text. Under its name a connection has a statement parsed and planned once. What
 * is put together anew each time is not named, and costs nothing but its count.
 */
export class RepeatedStatements {
  readonly #names = new Map<string, string>();
  #times = new Map<string, number>();

  /** @returns undefined for what is not (yet) known to be repeated */
  nameOf(text: string): string | undefined {
    const name = this.#names.get(text);
    if (name !== undefined) return name;
    if (this.#names.size >= mostNamed) return undefined;
    const times = (this.#times.get(text) ?? 0) + 1;
    if (times < timesUntilNamed) {
      if (this.#times.size >= mostCounted) this.#times = new Map();
      this.#times.set(text, times);
      return undefined;
    }
    this.#times.delete(text);
    const given = `s${this.#names.size + 1}`;
    this.#names.set(text, given);
    return given;
  }
}
