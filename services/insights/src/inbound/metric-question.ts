import { isTimestamp, teamPattern } from '@closeloop/contracts';
import { invalid, Problem, type Principal } from '@closeloop/platform';
import { dimensions, type Dimension } from '../domain/dimension.js';
import { clocks, grains, type MetricDefinition } from '../domain/metric.js';
import { type Question } from '../domain/question.js';

const dayMs = 86_400_000;
const usualDays = 30;
const mostPeriods = 3_700;
const mostDimensions = 4;
const mostValues = 100;

/** Who asks: an agent sees the own teams only. */
export type Person = Extract<Principal, { kind: 'person' }>;

/** The person who asks; the guard has let nobody else in on these routes. */
export function personOf(principal: Principal): Person {
  if (principal.kind !== 'person') throw new Problem('forbidden', 'This is for people, with a token.');
  return principal;
}

/** Teams that a person is held to; undefined: none, all are seen */
export const teamsOf = ({ roles, teams }: Person): readonly string[] | undefined =>
  roles.includes('manager') || roles.includes('admin') ? undefined : teams;

export const oneOf = (name: string, value: unknown): string | undefined => {
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`/${name}`, 'isString', `${name} may be given once.`);
};

/** What a query asks of a metric. @throws Problem `invalid`, `forbidden` for teams that the person is not in */
export function questionOf(
  query: Readonly<Record<string, unknown>>,
  metric: Pick<MetricDefinition, 'name' | 'dimensions'>,
  person: Person,
  more: readonly string[] = [],
): Question {
  const known = ['from', 'to', 'by', 'grain', 'clock', ...more];
  const filters = new Map<Dimension, readonly string[]>();
  for (const [name, value] of Object.entries(query)) {
    if (known.includes(name)) continue;
    if (!dimensions.includes(name as Dimension) || name === 'age') {
      throw invalid(`/${name}`, 'whitelistValidation', `There is no parameter ${name}.`);
    }
    filters.set(dimensionOf(name, `/${name}`, metric), valuesOf(name, value));
  }
  const own = teamsOf(person);
  if (own) {
    const asked = filters.get('team');
    const foreign = asked?.find((team) => !own.includes(team));
    if (foreign !== undefined) throw new Problem('forbidden', 'You are not in this team.');
    filters.set('team', asked ?? own);
  }
  const by = byOf(query['by'], metric);
  const grain = choiceOf('grain', query['grain'], grains, 'total');
  const clock = choiceOf('clock', query['clock'], clocks, 'customer');
  const { from, to } = periodOf(query);
  const days = (to.getTime() - from.getTime()) / dayMs;
  const length = { total: Infinity, day: 1, week: 7, month: 28 }[grain];
  if (days / length > mostPeriods) {
    throw invalid(
      '/grain',
      'max',
      `That is more than ${mostPeriods} periods: take a coarser grain, or a shorter time.`,
    );
  }
  return { from, to, by, grain, filters, clock };
}

function dimensionOf(
  name: string,
  pointer: string,
  { name: metric, dimensions: those }: Pick<MetricDefinition, 'name' | 'dimensions'>,
): Dimension {
  if (those.includes(name as Dimension)) return name as Dimension;
  throw invalid(pointer, 'isIn', `${metric} is told by ${those.join(', ')}, not by ${name}.`);
}

function byOf(value: unknown, metric: Pick<MetricDefinition, 'name' | 'dimensions'>): Dimension[] {
  const text = oneOf('by', value);
  if (text === undefined || text === '') return [];
  const names = text.split(',').map((name) => name.trim());
  if (names.length > mostDimensions)
    throw invalid('/by', 'arrayMaxSize', `by takes at most ${mostDimensions} dimensions.`);
  if (new Set(names).size < names.length) throw invalid('/by', 'arrayUnique', 'by names a dimension twice.');
  return names.map((name) => dimensionOf(name, '/by', metric));
}

function valuesOf(name: string, value: unknown): readonly string[] {
  const values = (Array.isArray(value) ? value : [value]) as unknown[];
  if (values.length > mostValues)
    throw invalid(`/${name}`, 'arrayMaxSize', `${name} takes at most ${mostValues} values.`);
  return values.map((one) => {
    if (typeof one !== 'string' || one.length > 300) {
      throw invalid(`/${name}`, 'maxLength', `${name} is a text of at most 300 characters.`);
    }
    if (name === 'team' && one !== '' && !teamPattern.test(one)) {
      throw invalid('/team', 'matches', 'team is not the name of a team.');
    }
    return one;
  });
}

function choiceOf<T extends string>(name: string, value: unknown, among: readonly T[], usual: T): T {
  const text = oneOf(name, value);
  if (text === undefined) return usual;
  if (among.includes(text as T)) return text as T;
  throw invalid(`/${name}`, 'isIn', `${name} is one of ${among.join(', ')}.`);
}

/** From that day or instant on, before the other; the last 30 days with today where nothing is said. */
export function periodOf(query: Readonly<Record<string, unknown>>): { from: Date; to: Date } {
  const tomorrow = new Date((Math.floor(Date.now() / dayMs) + 1) * dayMs);
  const to = timeOf('to', query['to']) ?? tomorrow;
  const from = timeOf('from', query['from']) ?? new Date(to.getTime() - usualDays * dayMs);
  if (from >= to) throw invalid('/to', 'order', 'to must be after from.');
  return { from, to };
}

function timeOf(name: string, value: unknown): Date | undefined {
  const text = oneOf(name, value);
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  if (isTimestamp(time)) return new Date(time);
  throw invalid(`/${name}`, 'isTimestamp', `${name} must be a day, YYYY-MM-DD, or a time as RFC 3339 has it.`);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isUuid = (text: string): boolean => uuid.test(text);

/** `limit` of a list */
export function limitOf(value: unknown, { usual = 50, most = 200 } = {}): number {
  const text = oneOf('limit', value);
  if (text === undefined) return usual;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > most) throw invalid('/limit', 'max', `limit must be 1 to ${most}.`);
  return limit;
}

/** Where a page of a list ended, as text that tells nobody anything. */
export const cursorOf = ({ at, id }: { readonly at: Date; readonly id: string }): string =>
  Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');

export function placeOf(value: unknown): { at: Date; id: string } | undefined {
  const cursor = oneOf('cursor', value);
  if (cursor === undefined) return undefined;
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string];
    if (isUuid(id) && isTimestamp(at)) return { at: new Date(at), id };
  } catch {
    // told below
  }
  throw invalid('/cursor', 'cursor', 'cursor is not one that this route gave.');
}
