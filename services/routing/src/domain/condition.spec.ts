import { Environment } from '@marcbachmann/cel-js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileCondition, isCondition, type Condition } from './condition.js';
import type { ConditionSubject } from './condition-types.js';
import { feedbackWith, tagsWith } from './feedback.fixture.js';

const condition = (expression: string): Condition => {
  const compiled = compileCondition(expression);
  if (!isCondition(compiled))
    throw new Error(`${expression}: ${compiled.message} (${compiled.line}:${compiled.column})`);
  return compiled;
};
const problem = (expression: string) => {
  const compiled = compileCondition(expression);
  if (isCondition(compiled)) throw new Error(`${expression} was taken`);
  return compiled;
};

const full: ConditionSubject = {
  feedback: feedbackWith({
    title: 'Lost bag',
    text: 'My bag was lost and I want a refund',
    rating: { value: 2, scale: 5 },
    survey: { metric: 'nps', score: 3, scale: 10 },
    segments: ['gold', 'frequent'],
    attributes: { plan: 'premium', nights: 3, loyal: true },
  }),
  tags: tagsWith({
    sentiment: { label: 'negative', score: -0.6, confidence: 0.7 },
    topics: [
      { name: 'baggage/lost', confidence: 0.9 },
      { name: 'billing/refund', confidence: 0.4, sentiment: { label: 'negative', score: -0.5, confidence: 0.5 } },
    ],
  }),
};
const bare: ConditionSubject = { feedback: feedbackWith({}), tags: tagsWith({}) };

describe('compileCondition', () => {
  it.each([
    ['feedback.text.matches("(?i)\\\\bREFUND\\\\b")', true],
    ['feedback.text.matches("^refund")', false],
    ['feedback.rating.value == 2', true],
    ['feedback.rating.value != 2', false],
    ['feedback.rating.value in [1, 2]', true],
    ['feedback.rating.value in [-2, 7]', false],
    ['feedback.rating.value / feedback.rating.scale <= 0.4', true],
    ['feedback.rating.value * 2 + 1 == 5', true],
    ['-feedback.rating.value < 0', true],
    ['tags.sentiment.label == "negative" && tags.sentiment.score < -0.5', true],
    ['tags.sentiment.label in ["positive", "mixed"]', false],
    ['"gold" in feedback.segments', true],
    ['"silver" in feedback.segments', false],
    ['"plan" in feedback.attributes', true],
    ['feedback.attributes.plan == "premium"', true],
    ['feedback.attributes["nights"] >= 3', true],
    ['feedback.attributes.loyal == true', true],
    ['feedback.attributes.plan > 3', false],
    ['tags.topics.exists(t, t.name.startsWith("billing/"))', true],
    ['tags.topics.all(t, t.confidence > 0.5)', false],
    ['tags.topics.exists_one(t, t.confidence > 0.5)', true],
    ['size(feedback.segments) == 2 && feedback.title.size() == 8', true],
    ['feedback.title.lowerAscii().contains("lost")', true],
    ['feedback.title.trim().upperAscii().endsWith("BAG")', true],
    ['feedback.historic ? false : true', true],
    ['(feedback.historic ? 1.0 : 2.0) == 2.0', true],
    ['feedback.channel == "review" || feedback.channel == "social"', true],
    ['has(feedback.rating) && has(feedback.rating.value) && !has(feedback.url)', true],
    ['!(feedback.historic)', true],
  ])('given a feedback with everything: %s is %s', (expression, expected) => {
    expect(condition(expression).holds(full)).toBe(expected);
  });

  it.each([
    'feedback.rating.value == 2',
    'feedback.rating.value != 2',
    'feedback.rating.value < 100',
    'feedback.rating.value in [1, 2]',
    'feedback.rating.value / feedback.rating.scale <= 0.4',
    'feedback.title.contains("x")',
    'feedback.title.matches(".*")',
    'feedback.title == feedback.url',
    'feedback.attributes.plan != "basic"',
    '"gold" in feedback.segments',
    'size(feedback.segments) == 0',
    'tags.sentiment.label != "positive"',
    'tags.topics.exists(t, true)',
    'tags.topics.all(t, true)',
    'tags.ratingMismatch',
    'has(feedback.rating)',
    'has(feedback.rating.value)',
  ])('given a feedback with nothing: %s is false, its negation true', (expression) => {
    expect(condition(expression).holds(bare)).toBe(false);
    expect(condition(`!(${expression})`).holds(bare)).toBe(true);
    expect(condition(expression).holds({ feedback: bare.feedback, tags: null })).toBe(false);
  });

  it('given a list whose items lack the field: the comparison is false for these alone', () => {
    expect(condition('tags.topics.exists(t, t.sentiment.score < 0.0)').holds(full)).toBe(true);
    expect(condition('tags.topics.exists(t, !(t.sentiment.score < 0.0))').holds(full)).toBe(true);
  });

  it('given names of Object.prototype: they are fields that are not there', () => {
    expect(condition('feedback.attributes.constructor != "x"').holds(full)).toBe(false);
    expect(condition('has(feedback.attributes.toString)').holds(full)).toBe(false);
    expect(condition('"__proto__" in feedback.attributes').holds(full)).toBe(false);
  });

  it.each([
    ['feedback.colour == "red"', 1, 10, 'colour'],
    ['feedback.chanel == "review"', 1, 10, 'did you mean channel?'],
    ['tags.sentiment.labl == "negative"', 1, 16, 'labl; did you mean label?'],
    ['tags.topics.exists(t, t.nam == "x")', 1, 25, 'nam; did you mean name?'],
    ['feedbak.text == "x"', 1, 1, 'did you mean feedback?'],
    ['feedback.text.contain("x")', 1, 1, 'did you mean contains?'],
    ['tags.topics.exists(t, t.name.startWith("x"))', 1, 23, 'did you mean startsWith?'],
    ['feedback.text == 3', 1, 1, 'string == int'],
    ['feedback.rating.value == "5"', 1, 1, 'double == string'],
    ['tags.sentiment.label == "negativ"', 1, 25, 'negative'],
    ['feedback.channel in ["review", "tv"]', 1, 32, 'review'],
    ['customer.name == "x"', 1, 1, 'customer'],
    ['feedback.text', 1, 1, 'true or false'],
    ['feedback.text.contains("a") &&', 1, 31, ''],
    ['feedback.text.reverse() == "x"', 1, 1, 'reverse'],
    ['feedback.historic &&\n  feedback.nope', 2, 12, 'nope'],
    ['feedback.text.matches("(unclosed")', 1, 23, 'missing closing )'],
    ['feedback.text.matches("(?=lookahead)")', 1, 23, 'invalid'],
    ['feedback.text.matches("(a)\\\\1")', 1, 23, 'invalid'],
    ['feedback.text.matches("((a{50}){50}){50}")', 1, 23, 'invalid repeat count'],
    ['feedback.text.matches("[ab]{700}[cd]{700}")', 1, 23, 'too large'],
    ['feedback.text.matches(feedback.title)', 1, 23, 'as it is'],
    ['feedback.segments.map(s, s + "x").size() > 1', 1, 1, 'map'],
    ['feedback.text.split(" ").size() > 3', 1, 1, 'split'],
    ['timestamp(feedback.receivedAt) > timestamp("2026-01-01T00:00:00Z")', 1, 1, ''],
    ['tags.topics.exists(t, tags.topics.exists(u, u.name == t.name))', 1, 23, 'inside'],
    ['feedback.rating == feedback.rating', 1, 1, 'no such overload'],
    ['feedback.segments == feedback.segments', 1, 1, 'compared'],
    ['feedback.channel in ["review", feedback.text]', 1, 32, 'as they are'],
    [`feedback.text == "${'x'.repeat(4000)}"`, 1, 1, '4000'],
    [`${'('.repeat(100)}true${')'.repeat(100)}`, 1, 0, ''],
    [
      Array.from({ length: 300 }, () => 'feedback.historic')
        .join(' || ')
        .slice(0, 3900),
      1,
      0,
      '',
    ],
  ])('refuses %s, and says where', (expression, line, column, message) => {
    const found = problem(expression);
    expect(found.message).toContain(message);
    expect(found.line).toBe(line);
    if (column > 0) expect(found.column).toBe(column);
  });

  it('given a regular expression that ruins a backtracking engine: is done in no time', () => {
    const bomb = condition('feedback.text.matches("^(a+)+$") || feedback.text.matches("(x+x+)+y")');
    const start = performance.now();
    expect(bomb.holds({ ...full, feedback: feedbackWith({ text: `${'a'.repeat(19_999)}!` }) })).toBe(false);
    expect(bomb.holds({ ...full, feedback: feedbackWith({ text: 'x'.repeat(20_000) }) })).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('given fields that are all there: says what cel-js says', () => {
    const cel = new Environment({ unlistedVariablesAreDyn: true });
    const number = fc.constantFrom(
      'feedback.rating.value',
      'feedback.survey.score',
      'tags.sentiment.score',
      'feedback.rating.value + feedback.survey.score',
      '2.0',
      '-0.5',
    );
    const text = fc.constantFrom(
      'feedback.title',
      'feedback.text',
      '"Lost bag"',
      'feedback.title.lowerAscii()',
      'feedback.text.trim()',
    );
    const leaf = fc.oneof(
      fc.tuple(number, fc.constantFrom('==', '!=', '<', '<=', '>', '>='), number).map((parts) => parts.join(' ')),
      fc.tuple(text, fc.constantFrom('==', '!=', '<', '>='), text).map((parts) => parts.join(' ')),
      fc.tuple(text, fc.constantFrom('contains', 'startsWith', 'endsWith'), text).map(([a, f, b]) => `${a}.${f}(${b})`),
      fc.tuple(text, fc.constantFrom('o', '^L', '[a-f]+ ')).map(([a, pattern]) => `${a}.matches("${pattern}")`),
      fc.constantFrom(
        '"gold" in feedback.segments',
        'has(feedback.url)',
        'feedback.historic',
        'tags.topics.exists(t, t.confidence > 0.5)',
        'tags.topics.all(t, t.name.contains("/"))',
        'tags.topics.exists_one(t, t.confidence < 0.5)',
        'tags.sentiment.score in [-0.6, 1.0]',
        'size(feedback.segments) > 1',
      ),
    );
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc
          .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        tie('expression').map((a) => `!(${a})`),
        fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      ),
    }));
    fc.assert(
      fc.property(expression, (given) => {
        expect(condition(given).holds(full)).toBe(cel.evaluate(given, full));
      }),
      { numRuns: 300 },
    );
  });
});
