import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ownedBy, ownerOf, ruleErrors, type OwnershipRule } from './ownership.js';

const rules: readonly OwnershipRule[] = [
  { topic: 'billing', team: 'billing' },
  { topic: 'billing/refund', team: 'refunds' },
  { journeyStage: 'support', team: 'support' },
  { touchpoint: 'checkout', team: 'web' },
  { location: 'Berlin', team: 'berlin' },
  { topic: 'billing', location: 'Berlin', team: 'berlin-billing' },
];
const owner = (about: Parameters<typeof ownerOf>[0]): string => ownerOf(about, { rules, defaultTeam: 'product' });

describe('the owner of what an insight is about', () => {
  it('is named by the most specific rule', () => {
    expect(owner({ topic: 'billing/invoice' })).toBe('billing');
    expect(owner({ topic: 'billing/refund' })).toBe('refunds');
    expect(owner({ topic: 'billing/refund', journeyStage: 'support' })).toBe('refunds');
    expect(owner({ touchpoint: 'checkout', topic: 'billing/refund' })).toBe('web');
    expect(owner({ touchpoint: 'checkout', location: 'Berlin' })).toBe('berlin');
    expect(owner({ topic: 'billing/refund', location: 'Berlin', touchpoint: 'checkout' })).toBe('berlin-billing');
  });

  it('is the default team where no rule names it; a topic is not its longer namesake', () => {
    expect(owner({})).toBe('product');
    expect(owner({ topic: 'billing-system' })).toBe('product');
    expect(owner({ location: 'Bern' })).toBe('product');
  });

  const value = fc.constantFrom('a', 'b', 'a/x');
  const about = fc.record(Object.fromEntries(ownedBy.map((name) => [name, value])), { requiredKeys: [] });
  const anyRules = fc
    .array(fc.tuple(about, fc.constantFrom('one', 'two', 'three')), { maxLength: 12 })
    .map((made) => made.map(([names, team]) => ({ ...names, team }) as OwnershipRule))
    .map((made) => made.filter((_, index) => !ruleErrors(made).some((error) => error.index === index)));

  it('does not hang on the order of rules that name different things', () => {
    fc.assert(
      fc.property(anyRules, about, (made, what) => {
        const names = (team: string) => ownerOf(what, { rules: made, defaultTeam: team });
        expect(ownerOf(what, { rules: [...made].reverse(), defaultTeam: 'none' })).toBe(names('none'));
      }),
    );
  });

  it('is never a team whose rule names something else', () => {
    fc.assert(
      fc.property(anyRules, about, (made, what) => {
        const others = made.filter((rule) =>
          ownedBy.some((name) => rule[name] != null && rule[name]!.split('/')[0] !== what[name]?.split('/')[0]),
        );
        expect(ownerOf(what, { rules: others, defaultTeam: 'none' })).toBe('none');
      }),
    );
  });
});

it('a rule that names nothing, or what an earlier one names, is refused where it stands', () => {
  expect(ruleErrors(rules)).toEqual([]);
  const errors = ruleErrors([...rules, { team: 'x' }, { touchpoint: 'checkout', team: 'y' }]);
  expect(errors.map(({ index, rule }) => ({ index, rule }))).toEqual([
    { index: 6, rule: 'named' },
    { index: 7, rule: 'unique' },
  ]);
});
