import { describe, expect, it } from '@jest/globals';
import { type Figure } from './figures.js';
import { readReference, referenceOf, regressions } from './reference.js';

const flat = (value: number) => ({ median: value, q1: value, q3: value, min: value, max: value });
const figure = (subject: Figure['subject'], cpu: number): Figure => ({
  ...{ work: 'hops', subject, rounds: 1, eventsPerSecond: flat(1), cpuSecondsPerMillion: flat(cpu) },
  ...{ cpuByProcess: {}, rssByProcess: {} },
});

describe('the reference', () => {
  const reference = referenceOf([figure('ours', 100), figure('bare', 50)], '2 cores', '2026-11-26');

  it('keeps ours alone', () => {
    expect(reference.cpuSecondsPerMillion).toEqual({ 'hops/ours': 100 });
    expect(readReference(JSON.stringify(reference), 'r.json')).toEqual(reference);
  });

  it('takes 15 % more, and not a little more than that', () => {
    expect(regressions([figure('ours', 115)], reference)).toEqual([]);
    expect(regressions([figure('ours', 60)], reference)).toEqual([]);
    expect(regressions([figure('ours', 116)], reference)).toEqual([
      'hops/ours: 116.0 CPU seconds a million, 100.0 in the reference: 16 % more',
    ]);
  });

  it('does not compare what it does not know', () => {
    expect(regressions([figure('bare', 1_000)], reference)).toEqual([]);
  });

  it.each(['{}', 'null', '{"cpuSecondsPerMillion":{"hops/ours":"fast"}}', '{"cpuSecondsPerMillion":{"hops/ours":0}}'])(
    'refuses %s',
    (text) => {
      expect(() => readReference(text, 'r.json')).toThrow('r.json: cpuSecondsPerMillion must hold numbers above 0');
    },
  );
});
