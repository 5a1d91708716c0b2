import { dimensions, type Dimension, type Grain } from './metrics.js';

/** Days, `YYYY-MM-DD` in UTC; `to` is not in it. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** Days back from today, today included */
export const presets = [7, 30, 90, 365] as const;

/** What a manager looks at; it stands in the address, so that a link shows the same. */
export interface ViewState {
  /** Chosen days, or so many days back; neither: what `latest` says */
  readonly period?: Period | number;
  /** Absent: by the length of the period */
  readonly grain?: Exclude<Grain, 'total'>;
  /** Any of the values of each */
  readonly filters: Readonly<Record<Dimension, readonly string[]>>;
  readonly compare?: Dimension;
  readonly clock: 'customer' | 'business';
}

const dayPattern = /^\d{4}-\d\d-\d\d$/;
const dayMs = 86_400_000;
const mostPresetDays = 3_650;
const filterable: readonly string[] = dimensions;

const isDay = (text: string | null): text is string =>
  text !== null && dayPattern.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;

/** @param day `YYYY-MM-DD` */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * dayMs).toISOString().slice(0, 10);

export const lengthOf = ({ from, to }: Period): number => Math.round((Date.parse(to) - Date.parse(from)) / dayMs);

/** What an address says; what it says wrongly counts as not said, as a link must open. */
export function viewStateOf(search: URLSearchParams): ViewState {
  const [from, to] = [search.get('from'), search.get('to')];
  const days = /^(\d{1,4})d$/.exec(search.get('period') ?? '')?.[1];
  const grain = search.get('grain');
  const compare = search.get('compare');
  const filters: Record<string, readonly string[]> = {};
  for (const dimension of filterable) {
    const values = [...new Set(search.getAll(dimension).filter((value) => value !== ''))];
    if (values.length > 0) filters[dimension] = values;
  }
  return {
    ...(isDay(from) && isDay(to) && from < to
      ? { period: { from, to } }
      : days !== undefined && Number(days) >= 1 && Number(days) <= mostPresetDays && { period: Number(days) }),
    ...(grain !== null && isGrain(grain) && { grain }),
    ...(compare !== null && filterable.includes(compare) && { compare }),
    filters,
    clock: search.get('clock') === 'business' ? 'business' : 'customer',
  };
}

const isGrain = (text: string): text is Exclude<Grain, 'total'> => ['day', 'week', 'month'].includes(text);

/** The address of a state; what else it says stays. */
export function searchOf(state: ViewState, search: URLSearchParams = new URLSearchParams()): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const name of ['from', 'to', 'period', 'grain', 'compare', 'clock', ...filterable]) next.delete(name);
  if (typeof state.period === 'number') next.set('period', `${state.period}d`);
  else if (state.period) {
    next.set('from', state.period.from);
    next.set('to', state.period.to);
  }
  if (state.grain) next.set('grain', state.grain);
  if (state.compare) next.set('compare', state.compare);
  if (state.clock === 'business') next.set('clock', 'business');
  for (const [dimension, values] of Object.entries(state.filters)) {
    for (const value of values) next.append(dimension, value);
  }
  return next;
}

/** The days that are looked at. @param today UTC @param latest where nothing is chosen */
export function periodOf({ period }: ViewState, today: string, latest: Period | undefined): Period {
  if (typeof period === 'object') return period;
  if (period === undefined && latest) return latest;
  const tomorrow = addDays(today, 1);
  return { from: addDays(tomorrow, -(period ?? 30)), to: tomorrow };
}

/** As long, right before */
export const periodBefore = (period: Period): Period => ({
  from: addDays(period.from, -lengthOf(period)),
  to: period.from,
});

/** Few enough points to be read, and each with something in it. */
export function usualGrain(period: Period): Exclude<Grain, 'total'> {
  const days = lengthOf(period);
  return days <= 45 ? 'day' : days <= 200 ? 'week' : 'month';
}

export interface Asked {
  readonly period: Period;
  readonly filters: Readonly<Record<Dimension, readonly string[]>>;
  readonly grain?: Grain;
  readonly by?: readonly Dimension[];
  readonly clock?: 'customer' | 'business';
}

/** The query of `GET /v1/metrics/:name` and of what is behind it. */
export function queryOf({ period, filters, grain, by, clock }: Asked): URLSearchParams {
  const query = new URLSearchParams({ from: period.from, to: period.to });
  if (grain && grain !== 'total') query.set('grain', grain);
  if (by && by.length > 0) query.set('by', by.join(','));
  if (clock === 'business') query.set('clock', 'business');
  for (const [dimension, values] of Object.entries(filters)) {
    for (const value of values) query.append(dimension, value);
  }
  return query;
}

/** By these the API splits, and does not filter. */
const unfiltered = ['question', 'scale', 'age'];
/** Days of age, from and to before, of the bands in which the API counts them */
const ageBands: Readonly<Record<string, readonly [number, number | undefined]>> = {
  ...{ '<1d': [0, 1], '1-3d': [1, 3], '3-7d': [3, 7], '7-30d': [7, 31], '>30d': [31, undefined] },
};

/** What a row counts, as filters: what was asked for, and the row's own values and period; an age is days of opening. @param today UTC */
export function behind(
  asked: Asked,
  row: { readonly period?: string; readonly values: Readonly<Record<string, string | null>> },
  today: string,
): Asked {
  const filters: Record<string, readonly string[]> = { ...asked.filters };
  for (const [dimension, value] of Object.entries(row.values)) {
    if (!unfiltered.includes(dimension)) filters[dimension] = [value ?? ''];
  }
  const { by: _by, grain = 'total', ...rest } = asked;
  const period = row.period === undefined ? asked.period : within(asked.period, row.period, grain);
  return { ...rest, filters, period: agedWithin(period, row.values['age'], today) };
}

function agedWithin(period: Period, age: string | null | undefined, today: string): Period {
  const band = ageBands[age ?? ''];
  if (!band) return period;
  const [youngest, oldest] = band;
  const to = addDays(today, 1 - youngest);
  const from = oldest === undefined ? period.from : addDays(today, 1 - oldest);
  return { from: from > period.from ? from : period.from, to: to < period.to ? to : period.to };
}

/** Every day, Monday or first of a month of a period, as the API names its points. */
export function periodsIn({ from, to }: Period, grain: Exclude<Grain, 'total'>): readonly string[] {
  const periods: string[] = [];
  const weekday = (new Date(from).getUTCDay() + 6) % 7;
  let at = grain === 'month' ? `${from.slice(0, 7)}-01` : grain === 'week' ? addDays(from, -weekday) : from;
  while (at < to) {
    periods.push(at);
    at = grain === 'month' ? nextMonth(at) : addDays(at, grain === 'week' ? 7 : 1);
  }
  return periods;
}

/** Since before any customer could say anything here: for what is counted as it stands now */
export const untilNow = (asked: Asked, today: string): Asked => ({
  ...asked,
  period: { from: '2000-01-01', to: addDays(today, 1) },
});

/** Without what some routes do not take. */
export function without(asked: Asked, ...dimensions: readonly Dimension[]): Asked {
  const { by: _by, grain: _grain, clock: _clock, filters, ...rest } = asked;
  return {
    ...rest,
    filters: Object.fromEntries(Object.entries(filters).filter(([name]) => !dimensions.includes(name))),
  };
}

/** A day, week or month, as far as it lies in the period. */
function within(period: Period, start: string, grain: Grain): Period {
  const day = start.slice(0, 10);
  const end = grain === 'month' ? nextMonth(day) : addDays(day, grain === 'week' ? 7 : 1);
  return { from: day < period.from ? period.from : day, to: end > period.to ? period.to : end };
}

function nextMonth(day: string): string {
  const [year, month] = day.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}

/** Without a dimension's filter, or with other values of it. */
export function withFilter(state: ViewState, dimension: Dimension, values: readonly string[]): ViewState {
  const { [dimension]: _old, ...rest } = state.filters;
  return { ...state, filters: values.length > 0 ? { ...rest, [dimension]: values } : rest };
}
