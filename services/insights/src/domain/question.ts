import { type Cube, cubes, hasMeasures } from './cube.js';
import { type Dimension, isManyValued, type ValueId } from './dimension.js';
import { type Clock, type Grain } from './metric.js';

/** What is asked of a metric. */
export interface Question {
  readonly from: Date;
  /** Exclusive */
  readonly to: Date;
  readonly by: readonly Dimension[];
  readonly grain: Grain;
  /** Any of the values; '' stands for what says none */
  readonly filters: ReadonlyMap<Dimension, readonly string[]>;
  readonly clock: Clock;
}

/** The same of the read model, by numbers. */
export interface CountQuestion {
  readonly of: 'feedback' | 'loops';
  /** Numbers of measures */
  readonly measures: readonly number[];
  readonly from: Date;
  readonly to: Date;
  readonly by: readonly Dimension[];
  readonly period: Grain;
  /** With the day of each count */
  readonly daily: boolean;
  /** Of measures of what waits: buckets are those of how long it has waited by then, and not of when that began */
  readonly waitedUntil?: Date;
  readonly filters: ReadonlyMap<Dimension, readonly ValueId[]>;
  /** Of what is behind it: loops that are not closed alone */
  readonly open?: boolean;
}

/** So many of a measure's bucket; periods and days are days since 1970. */
export interface CountedRow {
  /** First day of its day, week (Monday) or month; null for the whole */
  readonly period: number | null;
  readonly day: number | null;
  /** In the order of `by`; of `cohort` the Monday of its week */
  readonly values: readonly ValueId[];
  readonly question: ValueId;
  readonly scale: number;
  readonly measure: number;
  readonly bucket: number;
  readonly n: number;
}

const dayMs = 86_400_000;

const isWholeDays = ({ from, to }: Pick<Question, 'from' | 'to'>): boolean =>
  from.getTime() % dayMs === 0 && to.getTime() % dayMs === 0;

/** Dimensions that the period itself tells */
const told: readonly Dimension[] = ['cohort', 'age'];

/**
 * The cube that answers, or undefined where it takes the facts: parts of days, and mixes of dimensions that were not counted beforehand. A cube of a
 * dimension of which a feedback has several values counts one several times: it serves questions by that dimension, or for one value of it.
 */
export function cubeFor({ of, by, filters, measures, ...period }: CountQuestion): Cube | undefined {
  if (!isWholeDays(period)) return undefined;
  const needed = [...new Set([...by, ...filters.keys()])].filter((dimension) => !told.includes(dimension));
  return cubes.find(
    (cube) =>
      hasMeasures(cube, of, measures) &&
      needed.every((dimension) => cube.dimensions.includes(dimension)) &&
      cube.dimensions.every(
        (dimension) => !isManyValued(dimension) || by.includes(dimension) || filters.get(dimension)?.length === 1,
      ),
  );
}

/** Whole months within days [from, to), both since 1970; undefined where there is none. */
export function wholeMonths(from: number, to: number): readonly [from: number, to: number] | undefined {
  const first = new Date(from * dayMs);
  const begins = first.getUTCDate() === 1 ? from : Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1) / dayMs;
  const last = new Date(to * dayMs);
  const ends = Date.UTC(last.getUTCFullYear(), last.getUTCMonth()) / dayMs;
  return begins < ends ? [begins, ends] : undefined;
}
