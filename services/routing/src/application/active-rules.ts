import { Fallbacks } from '../domain/fallback.js';
import type { FallbackStore } from '../domain/fallback.store.js';
import type { Routing } from '../domain/route-feedback.js';
import { compileSaved } from '../domain/rule-set.js';
import type { ActiveVersions, RuleSetStore } from '../domain/rule-set.store.js';

/**
 * The active rule set, compiled, and the fallbacks, as this replica knows them. Routing never waits for the database: between two looks, and
 * while it is away, those of the last look hold.
 */
export class ActiveRules {
  #current: Routing | undefined;
  #versions: ActiveVersions | undefined;

  /** @param threshold the confidence from which on a fallback is acted on */
  constructor(
    private readonly ruleSets: Pick<RuleSetStore, 'activeVersions' | 'activeRules'>,
    private readonly fallbacks: FallbackStore,
    private readonly threshold: number | undefined,
  ) {}

  /** One whole: who routes a feedback takes it once. @throws Error before the first `refresh` */
  get current(): Routing {
    if (!this.#current) throw new Error('The active rules were not loaded yet');
    return this.#current;
  }

  /** Takes over what is active where it is another than what is at hand; says whether it was. */
  async refresh(): Promise<boolean> {
    const seen = await this.ruleSets.activeVersions();
    const known = this.#versions;
    const [sameRules, sameFallbacks] = [known?.ruleSet === seen.ruleSet, known?.fallbacks === seen.fallbacks];
    if (this.#current && sameRules && sameFallbacks) return false;
    const ruleSet = this.#current && sameRules ? this.#current.ruleSet : await this.#ruleSet();
    const learned = await this.fallbacks.latest();
    // An answer that came late: two looks may be under way.
    if (this.#current && this.#current.ruleSet.version > ruleSet.version) return false;
    this.#current = { ruleSet, fallbacks: new Fallbacks(learned.fallbacks, this.threshold) };
    this.#versions = { ruleSet: ruleSet.version, fallbacks: learned.version };
    return true;
  }

  async #ruleSet() {
    const { version, rules } = await this.ruleSets.activeRules();
    return compileSaved(version, rules);
  }
}
