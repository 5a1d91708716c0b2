import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sentiment, Tags } from '@closeloop/contracts';
import type { Tagger } from '../domain/tagger.js';
import { argumentsOf } from './arguments.js';
import { evaluate, type Asked } from './evaluation.js';

/** Says of each text what is written in it. */
const echo: Tagger = {
  tag: ({ text }) => {
    const tags: Tags = { language: { tag: text!, confidence: 0.5 }, model: 'echo@1', taggedBy: 'model' };
    if (text!.startsWith('{')) tags.sentiment = JSON.parse(text!) as Sentiment;
    return tags;
  },
};
const asked: Asked = { task: 'sentiment', first: undefined };
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
    const result = withFile('set.jsonl', rows, (file) => evaluate(echo, asked, file));
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
      evaluate(echo, asked, file),
    );
    expect(accuracy).toBe(1);
  });

  it('of languages goes by the label, else by the name of the file', () => {
    const language: Asked = { task: 'language', first: 2 };
    const judge = (name: string, row: object) => withFile(name, [row], (file) => evaluate(echo, language, file));
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
    expect(() => withFile('set.jsonl', rows, (file) => evaluate(echo, asked, file))).toThrow(told);
  });

  it('refuses a file without a text', () => {
    expect(() => withFile('set.jsonl', [''], (file) => evaluate(echo, asked, file))).toThrow('there is no text in it');
  });
});

describe('its arguments', () => {
  it('are files, and sentiment unless another task is named', () => {
    expect(argumentsOf(['a', 'b'])).toEqual({
      ...{ files: ['a', 'b'], task: 'sentiment', first: undefined, json: false, compare: false },
    });
    expect(argumentsOf(['a', '--task', 'language', '--first', '20', '--json'])).toMatchObject({
      ...{ task: 'language', first: 20, json: true },
    });
    expect(argumentsOf(['--help'])).toBe('help');
  });

  it.each([
    [[], 'FILE is missing'],
    [['a', '--task', 'smell'], '--task must be one of sentiment, language; it is smell'],
    [['a', '--first', '0'], '--first must be a whole number of 1 or more; it is 0'],
    [['a', '--task', 'language', '--compare'], '--compare is of the task sentiment only'],
    [['a', '--nonsense'], '--nonsense'],
  ])('%j are refused', (words, told) => {
    expect(() => argumentsOf(words)).toThrow(told);
  });
});
