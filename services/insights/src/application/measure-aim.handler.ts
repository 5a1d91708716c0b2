import { Injectable } from '@nestjs/common';
import { type ProblemError } from '@closeloop/platform';
import { type Dimension } from '../domain/dimension.js';
import { type Aim, type ComparedBy, type Window } from '../domain/improvement.js';
import { type MetricRow } from '../domain/metric-answer.js';
import { type Estimate } from '../domain/statistics/estimate.js';
import { AnswerMetric } from './answer-metric.handler.js';

/** A metric of one part of the feedback in one window. */
export type Measured = Window & Estimate;

/** What of a metric is no filter of a part: when it was, and not of what */
const ofTime: readonly Dimension[] = ['cohort', 'age'];

/** The metric that an improvement should move, in some windows, and of the rest beside it. */
@Injectable()
export class MeasureAim {
  constructor(private readonly metrics: AnswerMetric) {}

  /** Why there is no such metric, or none of that part: pointers are into the aim. */
  errorsOf({ name, filters }: Aim): readonly ProblemError[] {
    const definition = this.metrics.definition(name);
    if (!definition) {
      return [{ pointer: '/name', rule: 'known', message: `there is no metric ${name}: GET /v1/metrics lists them` }];
    }
    const known = definition.dimensions.filter((dimension) => !ofTime.includes(dimension));
    return Object.keys(filters)
      .filter((dimension) => !known.includes(dimension as Dimension))
      .map((dimension) => ({
        pointer: `/filters/${dimension.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        ...{ rule: 'isIn', message: `${name} is told by ${known.join(', ')}, not by ${dimension}` },
      }));
  }

  /** Whether its number grows with the length of the window. */
  isCount({ name }: Aim): boolean {
    return this.metrics.definition(name)?.unit === 'count';
  }

  /**
   * One number a window, of an aim without errors; of a survey's metric all of the question and scale that was answered most, since no two are put
   * together. `others`: of all that has another value of `by`; absent where there is none.
   */
  async measure(
    aim: Aim,
    windows: readonly Window[],
    by?: ComparedBy,
  ): Promise<{ readonly here: readonly Measured[]; readonly others?: readonly Measured[] }> {
    const { name } = aim;
    const filters = new Map(Object.entries(aim.filters) as [Dimension, readonly string[]][]);
    const ask = async (
      { from, to }: Window,
      of: ReadonlyMap<Dimension, readonly string[]>,
      split: readonly Dimension[] = [],
    ): Promise<readonly MetricRow[]> => {
      const question = { from, to, by: split, grain: 'total', filters: of, clock: 'customer' } as const;
      return (await this.metrics.answer(name, question))!.rows;
    };
    const rows = await Promise.all(windows.map((window) => ask(window, filters)));
    const question = mostAnswered(rows.flat());
    const here = windows.map((window, at) => measured(window, rows[at]!, question));
    if (by === undefined) return { here };

    const beside = new Map([...filters].filter(([dimension]) => dimension !== by));
    const split = await Promise.all(windows.map((window) => ask(window, beside, [by])));
    const values = new Set(split.flat().flatMap(({ values: those }) => those[by] ?? []));
    for (const value of filters.get(by) ?? []) values.delete(value);
    if (values.size === 0) return { here };
    const rest = new Map([...beside, [by, [...values]]]);
    const others = await Promise.all(
      windows.map(async (window) => measured(window, await ask(window, rest), question)),
    );
    return { here, others };
  }
}

const questionOf = ({ values }: MetricRow): string =>
  JSON.stringify([values['question'] ?? null, values['scale'] ?? null]);

function mostAnswered(rows: readonly MetricRow[]): string | undefined {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(questionOf(row), (counts.get(questionOf(row)) ?? 0) + row.n);
  return [...counts].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))[0]?.[0];
}

function measured({ from, to }: Window, rows: readonly MetricRow[], question: string | undefined): Measured {
  const row = rows.find((one) => questionOf(one) === question);
  const [low = null, high = null] = row?.interval ?? [];
  return {
    ...{ from, to, n: row?.n ?? 0, value: row?.value ?? null },
    interval: low === null || high === null ? null : [low, high],
  };
}
