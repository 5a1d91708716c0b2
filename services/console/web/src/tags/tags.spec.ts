import { describe, expect, it } from '@jest/globals';
import { accuracyLines } from './accuracy-lines.js';
import { correctionOf, formOf, idIn, type Tags } from './tags.js';

const tags: Tags = {
  ...{ language: { tag: 'en', confidence: 0.9 }, model: 'spec', taggedBy: 'model' },
  sentiment: { label: 'negative', score: -0.7, confidence: 0.8 },
  topics: [{ name: 'billing/refund', confidence: 0.7, sentiment: { label: 'negative', score: -1, confidence: 0.6 } }],
  intent: { name: 'complaint', confidence: 0.6 },
};

describe('a correction', () => {
  it('says what was changed, and nothing else', () => {
    const form = formOf(tags);
    expect(correctionOf(form, tags, new Set())).toEqual({});
    expect(correctionOf({ ...form, sentiment: 'mixed', intent: '' }, tags, new Set())).toEqual({
      sentiment: 'mixed',
      intent: null,
    });
    expect(correctionOf({ ...form, topics: [] }, tags, new Set())).toEqual({ topics: [] });
  });

  it('says also what was found right', () => {
    const said = correctionOf(formOf(tags), tags, new Set(['sentiment', 'topics']));
    expect(said).toEqual({ sentiment: 'negative', topics: [{ name: 'billing/refund', sentiment: 'negative' }] });
  });

  it('does not say what the tagger abstains from and nobody has chosen', () => {
    const { sentiment: _none, ...abstaining } = tags;
    expect(correctionOf(formOf(abstaining), abstaining, new Set(['sentiment', 'urgency']))).toEqual({});
  });
});

describe('an id', () => {
  it('is found in what was pasted', () => {
    const id = '0e8f6c1a-9d1f-5c3b-8f60-9a5d7c0b1e2f';
    expect(idIn(` ${id.toUpperCase()} `)).toBe(id);
    expect(idIn(`http://127.0.0.1:4600/tags/${id}?x=1`)).toBe(id);
    expect(idIn('sauna-1')).toBeUndefined();
  });
});

describe('accuracy', () => {
  it('is a line for each part that was judged, with n and interval as the service says', () => {
    const told = (n: number, right: number) => ({ n, right, value: right / n, interval: [0.1, 0.9] as const });
    const lines = accuracyLines({
      weeks: [
        { week: '2026-W47', parts: { sentiment: told(10, 8) } },
        { week: '2026-W48', parts: { sentiment: told(40, 30), topics: told(60, 30) } },
        { week: 'nonsense', parts: { intent: told(4, 2) } },
      ],
    });
    expect(lines.map(({ key, n }) => [key, n])).toEqual([
      ['topics', 60],
      ['sentiment', 50],
    ]);
    expect(lines[1]!.points.map(({ period, value, row }) => [period, value, row.small])).toEqual([
      ['2026-11-16', 0.8, true],
      ['2026-11-23', 0.75, false],
    ]);
  });
});
