import { describe, expect, it } from '@jest/globals';
import { RuleSetStore, type StoredRuleSet } from '../domain/rule-set.store.js';
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
class Stored extends RuleSetStore {
  reads = 0;
  constructor(public stored: StoredRuleSet | Error) {
    super();
  }
  override activeVersion(): Promise<number> {
    return this.active().then(({ version }) => version);
  }
  override active(): Promise<StoredRuleSet> {
    this.reads += 1;
    return this.stored instanceof Error ? Promise.reject(this.stored) : Promise.resolve(this.stored);
  }
  override activate(): Promise<StoredRuleSet> {
    return this.active();
  }
}
const version = (number: number, rules = [rule]): StoredRuleSet => ({
  version: number,
  createdAt: new Date(0),
  createdBy: 'spec',
  rules,
});

describe('ActiveRules', () => {
  it('given nothing loaded yet: says so, and routes nothing by no rules at all', () => {
    expect(() => new ActiveRules(new Stored(version(1))).current).toThrow('not loaded');
  });

  it('given a newer version: takes it over; given the same, leaves what there is', async () => {
    const store = new Stored(version(1));
    const rules = new ActiveRules(store);
    expect(await rules.refresh()).toBe(true);
    const { current } = rules;
    expect(await rules.refresh()).toBe(false);
    expect(rules.current).toBe(current);
    store.stored = version(2);
    expect(await rules.refresh()).toBe(true);
    expect(rules.current.version).toBe(2);
  });

  it('given a store that is away, or rules this release cannot use: keeps the rules at hand', async () => {
    const store = new Stored(version(1));
    const rules = new ActiveRules(store);
    await rules.refresh();
    store.stored = new Error('away');
    await expect(rules.refresh()).rejects.toThrow('away');
    store.stored = version(2, [{ ...rule, when: 'feedback.from_a_later_release == 1' }]);
    await expect(rules.refresh()).rejects.toThrow('/rules/0/when');
    expect(rules.current.version).toBe(1);
  });

  it('given an answer that comes late: never goes back to an older version', async () => {
    const store = new Stored(version(3));
    const rules = new ActiveRules(store);
    await rules.refresh();
    store.stored = version(2);
    expect(await rules.refresh()).toBe(false);
    expect(rules.current.version).toBe(3);
  });
});
