import { describe, expect, it } from '@jest/globals';
import { barChart } from './chart.js';
import { documentOf, markdownTable } from './document.js';
import { type Figure, type Ratio } from './figures.js';

const flat = (value: number) => ({ median: value, q1: value, q3: value, min: value, max: value });
const figures: Figure[] = (['ours', 'bare'] as const).map((subject, at) => ({
  ...{ work: 'pipeline', subject, rounds: 5, eventsPerSecond: flat(6_000 + at * 2_000) },
  ...{
    cpuSecondsPerMillion: flat(250),
    cpuByProcess: { loop: 50, kafka: 20 },
    rssByProcess: { loop: 140, kafka: 300 },
  },
}));
const ratioOf = (value: number): Ratio => ({
  ...{ work: 'pipeline', other: 'bare', throughput: flat(value), cpu: flat(1.2) },
});
const write = (ratio: number): string =>
  documentOf({ figures, ratios: [ratioOf(ratio)], machine: '2 cores', cores: 2, date: '2026-11-26' }, 'performance');

describe('documentOf', () => {
  it('says of each ratio whether floor or aim is reached', () => {
    const verdictOf = (ratio: number) => /against the bare chain +\|.*\| ([\w* ]+?) +\|/.exec(write(ratio))?.[1];
    expect(verdictOf(0.69)).toBe('**below the floor**');
    expect(verdictOf(0.7)).toBe('floor reached');
    expect(verdictOf(1)).toBe('aim reached');
  });

  it('names machine, date, rounds, the chart and every process', () => {
    const document = write(0.75);
    expect(document).toContain('on 2026-11-26: 2 cores');
    expect(document).toContain('5 rounds');
    expect(document).toContain('](performance/pipeline.svg)');
    expect(document).toMatch(/\| loop +\| 50 \(140 MB\)/);
    expect(document).toMatch(/memory of the largest service \(loop\) +\| 140 MB/);
  });
});

describe('what one event costs', () => {
  const loopAlone: Figure = { ...figures[0]!, work: 'loop', cpuByProcess: { loop: 40, kafka: 5 } };
  const document = documentOf(
    { figures: [...figures, loopAlone], ratios: [], machine: '2 cores', cores: 2, date: '2026-11-26' },
    'performance',
  );

  it('is held against each part alone, where that was measured', () => {
    expect(document).toMatch(/\| loop +\| 50 +\| 40 +\| 1\.25 × +\|/);
    expect(document).toMatch(/\| kafka +\| 20 +\| +\| +\|/);
  });

  it('tells how many events the cores carry by it, and how many there were', () => {
    expect(document).toContain('In all 250: 2 cores carry 8,000 events a second at most');
    expect(document).toContain('Measured were 6,000 to the committed loop, 0.75 × of it');
  });
});

describe('markdownTable', () => {
  it('gives every column its width', () => {
    expect(markdownTable(['a', 'bcde'], [['a longer one', 'f']])).toBe(
      ['| a            | bcde |', '| ------------ | ---- |', '| a longer one | f    |'].join('\n'),
    );
  });
});

describe('barChart', () => {
  const bar = { label: 'A & B', value: 50, from: 40, to: 60, ours: true, text: '50 <a second>' };

  it('draws bars by their share of the longest, its range included', () => {
    const svg = barChart('title', [bar, { ...bar, label: 'C', value: 60, ours: false }]);
    expect(
      [...svg.matchAll(/<rect class="(\w+)"[^>]* width="([\d.]+)"/g)].map(([, kind, width]) => [kind, width]),
    ).toEqual([
      ['ours', '300.0'],
      ['other', '360.0'],
    ]);
  });

  it('escapes what it is told', () => {
    const svg = barChart('"title"', [bar]);
    expect(svg).toContain('A &amp; B');
    expect(svg).toContain('50 &lt;a second&gt;');
    expect(svg).not.toContain('<a second>');
  });
});
