import { describe, expect, it } from '@jest/globals';
import { type Measured } from '../works/measure.js';
import { figuresOf, ratiosOf, type Sample } from './figures.js';

const measured = (seconds: number, cpu: number): Measured => ({
  events: 1_000,
  seconds,
  cpuSeconds: { loop: cpu, kafka: 0.1, postgres: 0.2 },
  rssMb: { loop: 100 * seconds, kafka: 300 },
});
const sample = (subject: Sample['subject'], round: number, one: Measured): Sample => ({
  ...{ work: 'loop', subject, round, measured: one },
});

describe('figuresOf', () => {
  it('given three rounds, tells the medians: events a second, CPU of all processes and of each', () => {
    const [figure] = figuresOf(
      [1, 2, 4].map((seconds, round) => sample('ours', round, measured(seconds, seconds / 10))),
    );
    expect(figure).toMatchObject({ work: 'loop', subject: 'ours', rounds: 3 });
    expect(figure!.eventsPerSecond).toMatchObject({ median: 500, min: 250, max: 1_000 });
    expect(figure!.cpuSecondsPerMillion.median).toBeCloseTo(500);
    expect(figure!.cpuByProcess['loop']).toBeCloseTo(200);
    expect(figure!.rssByProcess).toEqual({ loop: 200, kafka: 300 });
    expect(figure!.p50Ms).toBeUndefined();
  });

  it('stands in the order of works and subjects, whatever the order of measuring', () => {
    const figures = figuresOf([sample('bare', 0, measured(1, 1)), sample('ours', 0, measured(1, 1))]);
    expect(figures.map(({ subject }) => subject)).toEqual(['ours', 'bare']);
  });
});

describe('ratiosOf', () => {
  it('compares the same round of both, and of CPU their own processes only', () => {
    const ratios = ratiosOf([
      ...[sample('ours', 0, measured(2, 0.3)), sample('bare', 0, measured(1, 0.1))],
      ...[sample('ours', 1, measured(20, 0.3)), sample('bare', 1, measured(10, 0.1))],
    ]);
    expect(ratios).toHaveLength(1);
    expect(ratios[0]).toMatchObject({ work: 'loop', other: 'bare', throughput: { median: 0.5, q1: 0.5, q3: 0.5 } });
    expect(ratios[0]!.cpu.median).toBeCloseTo(3);
  });

  it('says nothing where one of them was not measured', () => {
    expect(ratiosOf([sample('ours', 0, measured(1, 1))])).toEqual([]);
    expect(ratiosOf([])).toEqual([]);
  });
});
