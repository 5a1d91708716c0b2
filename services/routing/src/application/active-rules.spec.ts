import { describe, expect, it } from '@jest/globals';
import { tagsWith } from '../domain/feedback.fixture.js';
import { FallbackStore, type LearnedFallbacks } from '../domain/fallback.store.js';
import type { RuleDefinition } from '../domain/rule-set.js';
import { ActiveRules } from './active-rules.js';

const rule: RuleDefinition = {
  name: 'a-rule',
  when: 'true',
  team: 'support',
  priority: 'medium',
  slaPolicy: 'standard',
  labels: [],
  loop: 'open',
  includeHistoric: false,
};

/** What is stored, without a database: what is tested here is what becomes of it. */
class Stored extends FallbackStore {
  learned: LearnedFallbacks = { version: 0, fallbacks: [] };
  constructor(public stored: { version: number; rules: RuleDefinition[] } | Error) {
    super();
  }
  async activeVersions() {
    return { ruleSet: (await this.activeRules()).version, fallbacks: this.learned.version };
  }
  activeRules(): Promise<{ version: number; rules: RuleDefinition[] }> {
    return this.stored instanceof Error ? Promise.reject(this.stored) : Promise.resolve(this.stored);
  }
  override latest(): Promise<LearnedFallbacks> {
    return Promise.resolve(this.learned);
  }
}
const version = (number: number, rules = [rule]) => ({ version: number, rules });
const rulesOf = (store: Stored) => new ActiveRules(store, store, undefined);

describe('ActiveRules', () => {
  it('given nothing loaded yet: says so, and routes nothing by no rules at all', () => {
    expect(() => rulesOf(new Stored(version(1))).current).toThrow('not loaded');
  });

  it('given a newer version: takes it over; given the same, leaves what there is', async () => {
    const store = new Stored(version(1));
    const rules = rulesOf(store);
    expect(await rules.refresh()).toBe(true);
    const { current } = rules;
    expect(await rules.refresh()).toBe(false);
    expect(rules.current).toBe(current);
    store.stored = version(2);
    expect(await rules.refresh()).toBe(true);
    expect(rules.current.ruleSet.version).toBe(2);
  });

  it('given fallbacks that were learned anew: takes them over, with the rules at hand', async () => {
    const store = new Stored(version(1));
    const rules = rulesOf(store);
    await rules.refresh();
    const { ruleSet } = rules.current;
    store.learned = {
      version: 1,
      fallbacks: [{ topic: 'hotel/room', team: 'support', n: 9, toTeam: 9, confidence: 0.7 }],
    };
    expect(await rules.refresh()).toBe(true);
    expect(rules.current.ruleSet).toBe(ruleSet);
    const tags = tagsWith({ topics: [{ name: 'hotel/room', confidence: 1 }] });
    expect(rules.current.fallbacks.propose(tags)).toMatchObject({ team: 'support', applied: false });
    expect(await rules.refresh()).toBe(false);
  });

  it('given a store that is away, or rules this release cannot use: keeps the rules at hand', async () => {
    const store = new Stored(version(1));
    const rules = rulesOf(store);
    await rules.refresh();
    store.stored = new Error('away');
    await expect(rules.refresh()).rejects.toThrow('away');
    store.stored = version(2, [{ ...rule, when: 'feedback.from_a_later_release == 1' }]);
    await expect(rules.refresh()).rejects.toThrow('/rules/0/when');
    expect(rules.current.ruleSet.version).toBe(1);
  });

  it('given an answer that comes late: never goes back to an older version', async () => {
    const store = new Stored(version(3));
    const rules = rulesOf(store);
    await rules.refresh();
    store.stored = version(2);
    expect(await rules.refresh()).toBe(false);
    expect(rules.current.ruleSet.version).toBe(3);
  });
});
