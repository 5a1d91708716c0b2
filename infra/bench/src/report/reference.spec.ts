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

  it('keeps ours, and the bare parts as the measure of the machine', () => {
    expect(reference.cpuSecondsPerMillion).toEqual({ 'hops/ours': 100, 'hops/bare': 50 });
    expect(readReference(JSON.stringify(reference), 'r.json')).toEqual(reference);
  });

  it('takes 15 % more, and not a little more than that', () => {
    expect(regressions([figure('ours', 115)], reference)).toEqual([]);
    expect(regressions([figure('ours', 60)], reference)).toEqual([]);
    expect(regressions([figure('ours', 116)], reference)).toEqual([
      'hops/ours: 116.0 CPU seconds a million, 100.0 by the reference: 16 % more',
    ]);
  });

  it('takes as much more as a slower machine takes for the bare parts', () => {
    expect(regressions([figure('ours', 230), figure('bare', 100)], reference)).toEqual([]);
    expect(regressions([figure('ours', 115), figure('bare', 40)], reference)).toEqual([
      'hops/ours: 115.0 CPU seconds a million, 80.0 by the reference (100.0, times 0.80: what the bare parts take here): 44 % more',
    ]);
  });

  it('does not compare what it does not know, nor the bare parts', () => {
    expect(regressions([figure('bare', 1_000)], reference)).toEqual([]);
    expect(regressions([{ ...figure('ours', 1_000), work: 'loop' }], reference)).toEqual([]);
  });

  it.each(['{}', 'null', '{"cpuSecondsPerMillion":{"hops/ours":"fast"}}', '{"cpuSecondsPerMillion":{"hops/ours":0}}'])(
    'refuses %s',
    (text) => {
      expect(() => readReference(text, 'r.json')).toThrow('r.json: cpuSecondsPerMillion must hold numbers above 0');
    },
  );
});
