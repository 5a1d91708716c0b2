import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { completionsAt, piecesOf, tokensOf, wrongAt, type ConditionEnvironment } from './conditions.js';

const environment: ConditionEnvironment = {
  variables: {
    feedback: {
      kind: 'message',
      fields: { text: { kind: 'string' }, channel: { kind: 'string', values: ['chat', 'email'] } },
    },
    tags: {
      kind: 'message',
      fields: {
        topics: {
          kind: 'list',
          of: { kind: 'message', fields: { name: { kind: 'string' }, confidence: { kind: 'double' } } },
        },
        spamOrEmpty: { kind: 'bool' },
      },
    },
  },
  functions: [
    { name: 'contains', on: 'string', example: 'feedback.text.contains("x")' },
    { name: 'exists', on: 'list', example: 'tags.topics.exists(t, true)' },
    { name: 'has', on: 'any', example: 'has(feedback.text)' },
  ],
};

/** `|` is where the caret is. */
const labels = (marked: string): readonly string[] | undefined => {
  const at = marked.indexOf('|');
  return completionsAt(marked.replace('|', ''), at, environment)?.options.map(({ label }) => label);
};

describe('completion in a condition', () => {
  it.each([
    ['|', ['feedback', 'tags', 'has']],
    ['feed|', ['feedback', 'tags', 'has']],
    ['tags.spamOrEmpty && |', ['feedback', 'tags', 'has']],
    ['feedback.|', ['text', 'channel']],
    ['!(feedback.ch|', ['text', 'channel']],
    ['feedback.text.|', ['contains']],
    ['tags.topics.|', ['exists']],
    ['tags.topics.exists(t, t.|', ['name', 'confidence']],
    ['tags.topics.exists(t, |', ['feedback', 'tags', 't', 'has']],
    ['feedback.channel == "|', ['chat', 'email']],
    ['feedback.channel != "ch|', ['chat', 'email']],
    ['feedback.channel in ["chat", "|', ['chat', 'email']],
  ])('%s offers %j', (marked, offered) => {
    expect(labels(marked)).toEqual(offered);
  });

  it.each(['nobody.|', 'tags.spamOrEmpty.|', 'feedback.text == "|', '"a quoted feedback.|'])(
    'knows nothing at %s',
    (marked) => {
      expect(labels(marked)).toBeUndefined();
    },
  );

  it('replaces what was begun', () => {
    expect(completionsAt('feedback.cha', 12, environment)!.from).toBe(9);
    expect(completionsAt('feedback.channel == "em', 23, environment)!.from).toBe(21);
  });

  it('bears whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'feedback.tags"(),=[] \\&|!t'), maxLength: 60 }), (text) => {
        for (let at = 0; at <= text.length; at += 1) {
          const found = completionsAt(text, at, environment);
          if (found) expect(found.from).toBeLessThanOrEqual(at);
        }
      }),
    );
  });
});

describe('a condition as it is drawn', () => {
  it('has strings, numbers, functions and words of the language in their colours', () => {
    expect(tokensOf('feedback.text.matches(r"a\\"b") && 1.5 in x')).toEqual([
      { text: 'feedback.text.', kind: 'plain' },
      { text: 'matches', kind: 'function' },
      { text: '(', kind: 'plain' },
      { text: 'r"a\\"b"', kind: 'string' },
      { text: ') ', kind: 'plain' },
      { text: '&&', kind: 'keyword' },
      { text: ' ', kind: 'plain' },
      { text: '1.5', kind: 'number' },
      { text: ' ', kind: 'plain' },
      { text: 'in', kind: 'keyword' },
      { text: ' x', kind: 'plain' },
    ]);
  });

  it('is letter for letter what was written, with the caret once where it is, and the wrong part marked', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), (text, at, offset) => {
        const caret = at % (text.length + 1);
        const wrong = text === '' ? undefined : wrongAt(text, offset % text.length);
        const pieces = piecesOf(text, wrong, caret);
        const written = pieces.filter((piece) => piece !== 'caret');
        expect(written.map((piece) => piece.text).join('')).toBe(text);
        expect(pieces.filter((piece) => piece === 'caret')).toHaveLength(1);
        const before = pieces.slice(0, pieces.indexOf('caret')).filter((piece) => piece !== 'caret');
        expect(before.map((piece) => piece.text).join('')).toHaveLength(caret);
        const marked = written.filter((piece) => piece.wrong).map((piece) => piece.text);
        expect(marked.join('')).toBe(wrong ? text.slice(...wrong) : '');
      }),
    );
  });

  it('marks the whole name or text that is wrong', () => {
    const text = 'tags.labl == "x y"';
    expect(text.slice(...wrongAt(text, 0))).toBe('tags.labl');
    expect(text.slice(...wrongAt(text, 13))).toBe('"x y"');
    expect(wrongAt(text, 99)).toEqual([17, 18]);
  });
});
