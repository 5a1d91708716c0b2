import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileCondition, isCondition, type Condition } from './condition.js';
import type { ConditionSubject } from './condition-types.js';
import { feedbackWith, tagsWith } from './feedback.fixture.js';
import { RuleIndex } from './rule-index.js';

const condition = (expression: string): Condition => {
  const compiled = compileCondition(expression);
  if (!isCondition(compiled)) throw new Error(`${expression}: ${compiled.message}`);
  return compiled;
};
const firstOf = (conditions: readonly Condition[], subject: ConditionSubject) => {
  const asked: number[] = [];
  const first = new RuleIndex(conditions).first(subject, (rule) => {
    asked.push(rule);
    return conditions[rule]!.holds(subject);
  });
  return { first, asked };
};

describe('RuleIndex', () => {
  it('given rules that want a field to be something: asks those alone that want what it is, and those that want nothing', () => {
    const conditions = [
      'feedback.channel == "sms"',
      '"review" == feedback.channel && feedback.historic',
      'feedback.historic',
      'feedback.channel in ["sms", "review"] && feedback.text.contains("x")',
      'feedback.channel == "sms" || feedback.channel == "email"',
      'feedback.channel == "sms" || feedback.historic',
      'feedback.channel == "review"',
      'feedback.channel == "review"',
    ].map(condition);
    const subject = { feedback: feedbackWith({ channel: 'review' }), tags: null };
    expect(firstOf(conditions, subject)).toEqual({ first: 6, asked: [1, 2, 3, 5, 6] });
  });

  it('given a field that is absent: asks no rule that wants it to be something', () => {
    const conditions = ['tags.sentiment.label == "negative"', 'tags.sentiment.label != "negative"'].map(condition);
    expect(firstOf(conditions, { feedback: feedbackWith({}), tags: null })).toEqual({ first: undefined, asked: [1] });
  });

  it('given any rules and any feedback: the same rule wins as without it', () => {
    const channels = ['review', 'social', 'email'] as const;
    const leaf = fc.oneof(
      fc
        .tuple(fc.constantFrom('==', '!='), fc.constantFrom(...channels))
        .map(([op, c]) => `feedback.channel ${op} "${c}"`),
      fc.subarray([...channels], { minLength: 1 }).map((some) => `feedback.channel in ["${some.join('", "')}"]`),
      fc.constantFrom('negative', 'mixed').map((label) => `"${label}" == tags.sentiment.label`),
      fc.constantFrom('a', 'b').map((product) => `feedback.product == "${product}"`),
      fc.constantFrom('a', 'b').map((plan) => `feedback.attributes.plan == "${plan}"`),
      fc.constantFrom('feedback.historic', 'has(feedback.product)', 'feedback.text.contains("x")', 'true', 'false'),
    );
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc
          .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie('expression').map((part) => `!(${part})`),
        fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} ? ${b} : ${a})`),
      ),
    }));
    const subjects = fc.record({
      feedback: fc
        .record(
          {
            channel: fc.constantFrom(...channels),
            product: fc.constantFrom('a', 'b', 'c'),
            text: fc.constantFrom('x', 'y'),
            historic: fc.boolean(),
            attributes: fc.record({ plan: fc.oneof(fc.constantFrom('a', 'b'), fc.integer()) }),
          },
          { requiredKeys: ['channel'] },
        )
        .map(feedbackWith),
      tags: fc.option(
        fc
          .constantFrom('negative' as const, 'mixed' as const, 'positive' as const)
          .map((label) => tagsWith({ sentiment: { label, score: 0, confidence: 1 } })),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(expression, { maxLength: 70 }),
        fc.array(subjects, { maxLength: 5 }),
        (expressions, given) => {
          const conditions = expressions.map(condition);
          for (const subject of given) {
            const found = conditions.findIndex((one) => one.holds(subject));
            expect(firstOf(conditions, subject).first).toBe(found < 0 ? undefined : found);
          }
        },
      ),
    );
  });
});
