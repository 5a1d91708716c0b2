import { Route, validatorOf } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { feedbackWith, tagsWith } from './feedback.fixture.js';
import { routeFeedback } from './route-feedback.js';
import { compileRules, maxRules, type RuleDefinition, type RuleSet } from './rule-set.js';

const teams = new Set(['triage', 'support', 'billing']);
const rule = (definition: Partial<RuleDefinition>): RuleDefinition => ({
  name: 'a-rule',
  when: 'true',
  team: 'support',
  priority: 'medium',
  slaPolicy: 'standard',
  labels: [],
  loop: 'open',
  includeHistoric: false,
  ...definition,
});
const ruleSetOf = (...definitions: RuleDefinition[]): RuleSet => {
  const { rules, violations } = compileRules(definitions, teams);
  expect(violations).toEqual([]);
  return { version: 7, rules };
};
const never = () => {
  throw new Error('no rule was to fail');
};
const violationsOfRoute = validatorOf(Route);

describe('routeFeedback', () => {
  it('given several rules that hold: the first wins', () => {
    const ruleSet = ruleSetOf(
      rule({ name: 'no', when: 'feedback.channel == "sms"' }),
      rule({ name: 'first', team: 'billing', priority: 'high', slaPolicy: 'urgent', labels: ['a', 'b'], loop: 'join' }),
      rule({ name: 'second' }),
    );
    expect(routeFeedback(ruleSet, feedbackWith({}), tagsWith({}), never)).toEqual({
      team: 'billing',
      priority: 'high',
      slaPolicy: 'urgent',
      labels: ['a', 'b'],
      loop: 'join',
      ruleSetVersion: 7,
      rule: 'first',
    });
  });

  it('given no rule that holds, or no rule at all: triage', () => {
    for (const ruleSet of [ruleSetOf(), ruleSetOf(rule({ when: 'false' }))]) {
      expect(routeFeedback(ruleSet, feedbackWith({}), null, never)).toMatchObject({
        team: 'triage',
        rule: 'default',
        loop: 'open',
        ruleSetVersion: 7,
      });
    }
  });

  it('given historic feedback: no loop, unless the rule asks for one', () => {
    const historic = feedbackWith({ historic: true });
    expect(routeFeedback(ruleSetOf(), historic, null, never).loop).toBe('none');
    expect(routeFeedback(ruleSetOf(rule({})), historic, null, never)).toMatchObject({ loop: 'none', team: 'support' });
    expect(routeFeedback(ruleSetOf(rule({ includeHistoric: true })), historic, null, never).loop).toBe('open');
  });

  it('given a rule that fails: it counts as not matching, is told, and the next decides', () => {
    const ruleSet = ruleSetOf(rule({ name: 'broken' }), rule({ name: 'sound', team: 'billing' }));
    const failure = new Error('cannot happen');
    const [broken, sound] = ruleSet.rules;
    const failing = {
      ...broken!,
      condition: {
        patternSize: 0,
        holds: () => {
          throw failure;
        },
      },
    };
    const told: unknown[] = [];
    const route = routeFeedback({ version: 7, rules: [failing, sound!] }, feedbackWith({}), null, (...args) =>
      told.push(args),
    );
    expect(route.rule).toBe('sound');
    expect(told).toEqual([[failing, failure]]);
  });

  it('given any rules and any feedback: exactly one valid route, to a team that is there, the same each time', () => {
    const definitions = fc.array(
      fc.record({
        when: fc.constantFrom(
          'tags.sentiment.label == "negative"',
          'feedback.rating.value <= 2',
          'feedback.text.matches("(?i)refund")',
          'feedback.attributes.vip == true',
          '!has(feedback.text)',
          'tags.topics.exists(t, t.name == "billing/refund")',
          'feedback.historic',
        ),
        team: fc.constantFrom(...teams),
        loop: fc.constantFrom('open' as const, 'join' as const, 'none' as const),
        includeHistoric: fc.boolean(),
      }),
      { maxLength: 8 },
    );
    const content = fc.record(
      {
        text: fc.oneof(fc.constant('I want a REFUND'), fc.string()),
        rating: fc.record({ value: fc.integer({ min: 0, max: 5 }), scale: fc.constant(5) }),
        attributes: fc.dictionary(fc.constantFrom('vip', 'plan'), fc.oneof(fc.boolean(), fc.string(), fc.integer())),
        historic: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const tags = fc.option(
      fc.record(
        { sentiment: fc.constant({ label: 'negative' as const, score: -0.5, confidence: 0.5 }) },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(definitions, content, tags, (given, fields, tagged) => {
        const ruleSet = ruleSetOf(...given.map((each, index) => rule({ ...each, name: `rule-${index}` })));
        const feedback = feedbackWith(fields);
        const subject = tagged && tagsWith(tagged);
        const route = routeFeedback(ruleSet, feedback, subject, never);
        expect(violationsOfRoute(route)).toBeUndefined();
        expect(teams.has(route.team)).toBe(true);
        expect(routeFeedback(ruleSet, feedback, subject, never)).toEqual(route);
        if (feedback.historic && route.loop !== 'none') {
          expect(ruleSet.rules.find(({ name }) => name === route.rule)?.includeHistoric).toBe(true);
        }
      }),
    );
  });
});

describe('compileRules', () => {
  it('given several things that are wrong: tells of each, with a pointer', () => {
    const { violations } = compileRules(
      [
        rule({ name: 'one' }),
        rule({ name: 'one' }),
        rule({ name: 'default' }),
        rule({ name: 'four', team: 'nobody' }),
        rule({ name: 'five', when: 'feedback.historic &&\n feedback.nope' }),
      ],
      teams,
    );
    expect(violations).toMatchObject([
      { pointer: '/rules/1/name', rule: 'unique' },
      { pointer: '/rules/2/name', rule: 'reserved' },
      { pointer: '/rules/3/team', rule: 'team' },
      { pointer: '/rules/4/when', rule: 'condition', line: 2, column: 11 },
    ]);
  });

  it('given too many rules, or too large regular expressions together: refuses', () => {
    const many = Array.from({ length: maxRules + 1 }, (_, index) => rule({ name: `rule-${index}` }));
    expect(compileRules(many, teams).violations).toMatchObject([{ pointer: '/rules', rule: 'arrayMaxSize' }]);
    const heavy = Array.from({ length: 60 }, (_, index) =>
      rule({ name: `rule-${index}`, when: 'feedback.text.matches("[ab]{400}")' }),
    );
    expect(compileRules(heavy, teams).violations).toMatchObject([{ pointer: '/rules', rule: 'patternSize' }]);
  });
});
