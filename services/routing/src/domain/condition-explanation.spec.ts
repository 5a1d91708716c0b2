import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { falseParts } from './condition-explanation.js';
import { compileCondition, isCondition } from './condition.js';
import type { ConditionSubject } from './condition-types.js';
import { feedbackWith, tagsWith } from './feedback.fixture.js';

const subject: ConditionSubject = {
  feedback: feedbackWith({ text: 'The (lovely) room', rating: { value: 4, scale: 5 }, segments: ['gold'] }),
  tags: tagsWith({
    sentiment: { label: 'mixed', score: 0, confidence: 0.7 },
    topics: [{ name: 'hotel/room', confidence: 0.9 }],
  }),
};

describe('falseParts', () => {
  it.each([
    ['tags.sentiment.label == "negative"', 'tags.sentiment.label == "negative"', [['tags.sentiment.label', 'mixed']]],
    [
      'feedback.channel == "review" && tags.sentiment.label == "negative"',
      'tags.sentiment.label == "negative"',
      [['tags.sentiment.label', 'mixed']],
    ],
    ['feedback.title.contains("?")', 'feedback.title.contains("?")', [['feedback.title', undefined]]],
    [
      'feedback.rating.value / feedback.rating.scale <= 0.4',
      'feedback.rating.value / feedback.rating.scale <= 0.4',
      [
        ['feedback.rating.value', 4],
        ['feedback.rating.scale', 5],
      ],
    ],
    [
      '!(feedback.channel == "review" && (feedback.historic || feedback.text.contains("(")))',
      '!(feedback.channel == "review" && (feedback.historic || feedback.text.contains("(")))',
      [
        ['feedback.channel', 'review'],
        ['feedback.historic', false],
        ['feedback.text', 'The (lovely) room'],
      ],
    ],
    [
      'tags.topics.exists(t, t.name == "hotel/pool")',
      'tags.topics.exists(t, t.name == "hotel/pool")',
      [['tags.topics', [{ name: 'hotel/room', confidence: 0.9 }]]],
    ],
    [
      'feedback.historic ? true : feedback.channel == "sms"',
      'feedback.channel == "sms"',
      [['feedback.channel', 'review']],
    ],
    ['has(feedback.attributes.plan)', 'has(feedback.attributes.plan)', [['feedback.attributes.plan', undefined]]],
  ] as const)('given %s: says which part was false, and what it saw', (expression, part, saw) => {
    expect(falseParts(expression, subject)).toEqual([
      { part, saw: saw.map(([field, value]) => (value === undefined ? { field, absent: true } : { field, value })) },
    ]);
  });

  it('given parts of which one would have been enough: says all of them', () => {
    const parts = falseParts('feedback.channel == "sms" || (feedback.historic && feedback.product == "a")', subject);
    expect(parts.map(({ part }) => part)).toEqual(['feedback.channel == "sms"', 'feedback.historic']);
  });

  it('given a long text: cuts it', () => {
    const long = { ...subject, feedback: feedbackWith({ text: 'x'.repeat(20_000) }) };
    const [part] = falseParts('feedback.text.contains("y")', long);
    expect(JSON.stringify(part).length).toBeLessThan(400);
  });

  it('given any condition: says something exactly where it is false, and only what is false by itself', () => {
    const leaf = fc.constantFrom(
      'feedback.channel == "review"',
      'feedback.title == "x"',
      'feedback.rating.value > 3',
      'tags.sentiment.label in ["negative"]',
      '"gold" in feedback.segments',
      'tags.topics.all(t, t.confidence > 0.95)',
      'feedback.text.matches("[(]lovely[)]")',
    );
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc
          .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie('expression').map((part) => `!(${part})`),
      ),
    }));
    fc.assert(
      fc.property(expression, (text) => {
        const compiled = compileCondition(text);
        if (!isCondition(compiled)) throw new Error(compiled.message);
        const parts = falseParts(text, subject);
        expect(parts.length > 0).toBe(!compiled.holds(subject));
        for (const { part } of parts) {
          const alone = compileCondition(part);
          if (!isCondition(alone)) throw new Error(`${part}: ${alone.message}`);
          expect(alone.holds(subject)).toBe(false);
        }
      }),
    );
  });
});
