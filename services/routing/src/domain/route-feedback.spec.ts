import { Route, validatorOf } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { feedbackWith, tagsWith } from './feedback.fixture.js';
import { routeFeedback } from './route-feedback.js';
import { Fallbacks } from './fallback.js';
import { compileRules, maxRules, ruleSetOf as indexed, type RuleDefinition, type RuleSet } from './rule-set.js';

const teams = new Set(['triage', 'support', 'billing']);
const known = { teams, slaPolicies: new Set(['urgent', 'standard']) };
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
  const { rules, violations } = compileRules(definitions, known);
  expect(violations).toEqual([]);
  return indexed(7, rules);
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
        ...broken!.condition,
        holds: () => {
          throw failure;
        },
      },
    };
    const told: unknown[] = [];
    const route = routeFeedback(indexed(7, [failing, sound!]), feedbackWith({}), null, (...args) => told.push(args));
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

describe('a learned fallback', () => {
  const learned = [
    { topic: 'billing/refund', team: 'billing', n: 60, toTeam: 58, confidence: 0.89 },
    { topic: 'service/staff', team: 'support', n: 6, toTeam: 5, confidence: 0.44 },
  ];
  const tags = tagsWith({
    topics: [
      { name: 'service/staff', confidence: 1 },
      { name: 'billing/refund', confidence: 0.6 },
    ],
  });
  const route = (threshold: number | undefined, ruleSet = ruleSetOf()) =>
    routeFeedback(ruleSet, feedbackWith({}), tags, never, new Fallbacks(learned, threshold));

  it('given no threshold: the surest is proposed, and triage has it', () => {
    expect(route(undefined)).toMatchObject({
      ...{ team: 'triage', rule: 'default' },
      fallback: { team: 'billing', topic: 'billing/refund', confidence: 0.89, applied: false },
    });
  });

  it('given a threshold that it reaches: it is acted on, and says so; given one above: it is not', () => {
    expect(route(0.89)).toMatchObject({ team: 'billing', rule: 'default', fallback: { applied: true } });
    expect(route(0.9)).toMatchObject({ team: 'triage', fallback: { applied: false } });
    expect(violationsOfRoute(route(0.89))).toBeUndefined();
  });

  it('given a rule that matches: none is said', () => {
    expect(route(0.5, ruleSetOf(rule({})))).not.toHaveProperty('fallback');
  });

  it('given topics of which nothing is known: none is said', () => {
    const other = tagsWith({ topics: [{ name: 'hotel/room', confidence: 1 }] });
    const fallbacks = new Fallbacks(learned, 0.5);
    expect(routeFeedback(ruleSetOf(), feedbackWith({}), other, never, fallbacks)).not.toHaveProperty('fallback');
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
        rule({ name: 'six', team: 'biling', slaPolicy: 'standart' }),
      ],
      known,
    );
    expect(violations).toMatchObject([
      { pointer: '/rules/1/name', rule: 'unique' },
      { pointer: '/rules/2/name', rule: 'reserved' },
      { pointer: '/rules/3/team', rule: 'team' },
      { pointer: '/rules/4/when', rule: 'condition', line: 2, column: 11 },
      { pointer: '/rules/5/team', rule: 'team', message: 'There is no team biling; did you mean billing?' },
      { pointer: '/rules/5/slaPolicy', rule: 'slaPolicy', message: expect.stringContaining('did you mean standard?') },
    ]);
  });

  it('given too many rules, or too large regular expressions together: refuses', () => {
    const many = Array.from({ length: maxRules + 1 }, (_, index) => rule({ name: `rule-${index}` }));
    expect(compileRules(many, known).violations).toMatchObject([{ pointer: '/rules', rule: 'arrayMaxSize' }]);
    const heavy = Array.from({ length: 60 }, (_, index) =>
      rule({ name: `rule-${index}`, when: 'feedback.text.matches("[ab]{400}")' }),
    );
    expect(compileRules(heavy, known).violations).toMatchObject([{ pointer: '/rules', rule: 'patternSize' }]);
  });

  it('given a condition that may take too many steps, or too many of them together: refuses', () => {
    const inList = (times: number) =>
      `tags.topics.exists(t, ${Array.from({ length: times }, () => 't.name.contains("a")').join(' || ')})`;
    const texts = Array.from({ length: 6 }, () => 'feedback.text.matches("[ab]{900}")').join(' || ');
    expect(compileRules([rule({ when: texts })], known).violations).toMatchObject([
      { pointer: '/rules/0/when', rule: 'cost' },
    ]);
    const many = Array.from({ length: 60 }, (_, index) => rule({ name: `rule-${index}`, when: inList(60) }));
    expect(compileRules(many, known).violations).toMatchObject([{ pointer: '/rules', rule: 'cost' }]);
  });
});
