import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sentiment, Tags } from '@closeloop/contracts';
import type { Tagger } from '../domain/tagger.js';
import { argumentsOf } from './arguments.js';
import { evaluate, type Asked } from './evaluation.js';
import type { Learner } from './learned.js';

/** Says of each text what is written in it. */
const echo: Tagger = {
  tag: ({ text }) => {
    const tags: Tags = { language: { tag: text!, confidence: 0.5 }, model: 'echo@1', taggedBy: 'model' };
    if (text!.startsWith('{')) tags.sentiment = JSON.parse(text!) as Sentiment;
    return tags;
  },
};
const asked: Asked = { task: 'sentiment', first: undefined };
const learner: Learner = { lexicon: { words: new Map([['awful', -3]]), phrases: new Map(), emoji: new Map() } };
const says = (label: string, score: number) => JSON.stringify({ label, score, confidence: 0.7 });

function withFile<T>(name: string, lines: readonly (object | string)[], use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'closeloop-evaluation-'));
  try {
    const file = join(folder, name);
    writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('an evaluation', () => {
  it('compares what was said with the labels, and times it', () => {
    const rows = [
      { text: says('positive', 0.5), label: 'positive' },
      { text: says('negative', -0.5), label: 'neutral' },
      { text: 'nothing', label: 'negative' },
    ];
    const result = withFile('set.jsonl', rows, (file) => evaluate(echo, asked, file, learner));
    expect(result).toMatchObject({
      ...{ task: 'sentiment', n: 3, accuracy: 1 / 3 },
      confusion: { positive: { positive: 1 }, neutral: { negative: 1 }, negative: { '(abstained)': 1 } },
    });
    expect(result.textsPerSecond).toBeGreaterThan(0);
    expect(result.p99Microseconds).toBeGreaterThanOrEqual(0);
  });

  it.each([
    [0.3, 'positive'],
    [-0.3, 'negative'],
    [0.1, 'neutral'],
    [-0.1, 'neutral'],
  ])('takes what is mixed, with a score of %d, as %s', (score, label) => {
    const { accuracy } = withFile('set.jsonl', [{ text: says('mixed', score), label }], (file) =>
      evaluate(echo, asked, file, learner),
    );
    expect(accuracy).toBe(1);
  });

  it('of languages goes by the label, else by the name of the file', () => {
    const language: Asked = { task: 'language', first: 2 };
    const judge = (name: string, row: object) =>
      withFile(name, [row], (file) => evaluate(echo, language, file, learner));
    expect(judge('any.jsonl', { text: 'defgh', label: 'de' }).accuracy).toBe(1);
    expect(judge('umsab_german.jsonl', { text: 'defgh', label: 'positive' }).accuracy).toBe(1);
    expect(judge('umsab_french.jsonl', { text: 'defgh', label: 'positive' }).accuracy).toBe(0);
    expect(() => judge('any.jsonl', { text: 'de', label: 'positive' })).toThrow(
      /row 1: the task language needs .*"positive"/,
    );
  });

  it.each([
    ['{"text": 1, "label": "positive"}', 'line 2: text must be a string'],
    ['{"text": "x"}', 'line 2: label must be a string'],
    ['{"text": "x", "label": "positive", "rating": "5"}', 'line 2: rating must be a number'],
    ['[]', 'line 2: not an object'],
    ['{', 'line 2: '],
    [
      '{"text": "x", "label": "angry"}',
      'row 2: the task sentiment needs a label of negative, neutral, positive; it is "angry"',
    ],
  ])('refuses a file with %s, and says where', (line, told) => {
    const rows = [{ text: 'x', label: 'positive' }, line];
    expect(() => withFile('set.jsonl', rows, (file) => evaluate(echo, asked, file, learner))).toThrow(told);
  });

  it('of several labels a text counts each', () => {
    const topics = [
      { name: 'food/quality', confidence: 0.8, sentiment: { label: 'positive' as const, score: 1, confidence: 0.9 } },
      { name: 'food/menu', confidence: 0.6, sentiment: { label: 'negative' as const, score: -1, confidence: 0.9 } },
      { name: 'price/value', confidence: 0.6, sentiment: { label: 'mixed' as const, score: 0, confidence: 0.9 } },
    ];
    const speaking: Tagger = { tag: (feedback) => ({ ...echo.tag(feedback), topics }) };
    const cats = [
      ['food', 'positive'],
      ['price', 'conflict'],
      ['service', 'negative'],
    ];
    const { microF1, perClass } = withFile('set.jsonl', [{ text: 'x', cats }], (file) =>
      evaluate(speaking, { task: 'topic', first: undefined }, file, learner),
    );
    // Two of three found, both of the two that were said are right.
    expect(microF1).toBeCloseTo(0.8);
    expect(perClass['service negative']?.recall).toBe(0);
  });

  const orders = Array.from({ length: 60 }, (_, n) => [
    { text: `where is my card number ${n}`, label: 'card' },
    { text: `what does a transfer of ${'x'.repeat(n + 1)} cost`, label: 'fee' },
    { text: `tell me a joke about ${'y'.repeat(n + 1)}`, label: 'oos' },
  ]).flat();

  it('by parts learns from the others, and finds what is out of scope', () => {
    const { accuracy, outOfScopeFound } = withFile('set.jsonl', orders, (file) =>
      evaluate(echo, { task: 'intent', first: undefined, folds: 3 }, file, learner),
    );
    expect(accuracy).toBeGreaterThan(0.9);
    expect(outOfScopeFound).toBeGreaterThan(0.9);
  });

  it('by another file learns from what is not in its own', () => {
    const [learned, judged] = [orders.slice(30), orders.slice(0, 30)];
    const upon = (rows: object[]) =>
      withFile('adapt.jsonl', rows, (adapt) =>
        withFile('set.jsonl', judged, (file) =>
          evaluate(echo, { task: 'intent', first: undefined, adapt }, file, learner),
        ),
      );
    expect(upon(learned).accuracy).toBeGreaterThan(0.9);
    const same = judged.map(({ text, label }) => ({ text: `  ${text.toUpperCase()}`, label }));
    expect(() => upon(same)).toThrow('there is nothing to tell apart');
  });

  it('refuses a file without a text', () => {
    expect(() => withFile('set.jsonl', [''], (file) => evaluate(echo, asked, file, learner))).toThrow(
      'there is no text in it',
    );
  });
});

describe('its arguments', () => {
  it('are files, and sentiment unless another task is named', () => {
    expect(argumentsOf(['a', 'b'])).toEqual({
      ...{ files: ['a', 'b'], task: 'sentiment', first: undefined, json: false, compare: false },
      ...{ adapt: undefined, folds: undefined, topics: undefined, all: undefined },
    });
    expect(argumentsOf(['a', '--task', 'language', '--first', '20', '--json'])).toMatchObject({
      ...{ task: 'language', first: 20, json: true },
    });
    expect(argumentsOf(['--help'])).toBe('help');
  });

  it.each([
    [[], 'FILE is missing'],
    [['a', '--task', 'smell'], '--task must be one of sentiment, language, emotion, topic, intent; it is smell'],
    [['a', '--first', '0'], '--first must be a whole number of 1 or more; it is 0'],
    [['a', '--task', 'language', '--compare'], '--compare is of the task sentiment only'],
    [['a', '--folds', '1'], '--folds must be a whole number of 2 or more; it is 1'],
    [['a', '--folds', '5', '--adapt', 'b'], '--adapt and --folds exclude each other'],
    [['a', '--task', 'language', '--folds', '5'], 'the task language does not learn'],
    [['--all', 'data'], '--all and --write go together'],
    [['a', '--nonsense'], '--nonsense'],
  ])('%j are refused', (words, told) => {
    expect(() => argumentsOf(words)).toThrow(told);
  });
});
