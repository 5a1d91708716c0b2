import { compileRules, type RuleSet } from '../domain/rule-set.js';
import type { RuleSetStore } from '../domain/rule-set.store.js';

/**
 * The active rule set, compiled, as this replica knows it. Routing never waits for the database: between two looks, and while it
 * is away, the rules of the last look hold.
 */
export class ActiveRules {
  #current: RuleSet | undefined;

  constructor(private readonly store: RuleSetStore) {}

  /** @throws Error before the first `refresh` */
  get current(): RuleSet {
    if (!this.#current) throw new Error('The active rules were not loaded yet');
    return this.#current;
  }

  /** Takes over the active version where it is another than the one at hand; says whether it was. */
  async refresh(): Promise<boolean> {
    if (this.#current && (await this.store.activeVersion()) === this.#current.version) return false;
    const { version, rules: definitions } = await this.store.active();
    const teams = new Set(definitions.map(({ team }) => team));
    const { rules, violations } = compileRules(definitions, teams);
    // Never a part of a rule set: a rule that is left out would send its feedback to the wrong team.
    if (violations.length > 0) {
      const reasons = violations.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ');
      throw new Error(`Rule set ${version} cannot be used by this release: ${reasons}`);
    }
    if (this.#current && this.#current.version > version) return false;
    this.#current = { version, rules };
    return true;
  }
}
