import { type Dimension, isManyValued, unsaid, type ValueId } from './dimension.js';
import { type FeedbackFact } from './feedback-fact.js';
import { dayNumberOf, type LoopFact, type Mark, measures, type Measure } from './loop-fact.js';

/** A set of dimensions by which is counted beforehand. Its number is kept in the database. */
export interface Cube {
  readonly id: number;
  /** Three at most */
  readonly dimensions: readonly Dimension[];
  readonly feedback: boolean;
  /** all: with durations, whose buckets are so many that a fine cube would have a row for each loop */
  readonly loops: 'all' | 'counts' | 'none';
}

const cube = (id: number, dimensions: readonly Dimension[], feedback: boolean, loops: Cube['loops']): Cube => ({
  ...{ id, dimensions, feedback, loops },
});

/**
 * Those that a dashboard asks for, small ones first; with the team where that costs little, which an agent's questions always name. A day's cells
 * are to be fewer than its feedback: what is not here is counted from the facts.
 */
export const cubes: readonly Cube[] = [
  cube(1, [], true, 'all'),
  cube(2, ['team'], true, 'all'),
  cube(3, ['channel'], true, 'all'),
  cube(4, ['priority'], false, 'all'),
  cube(5, ['team', 'priority'], false, 'counts'),
  cube(6, ['team', 'language'], true, 'none'),
  cube(7, ['team', 'channel', 'source'], true, 'counts'),
  cube(8, ['team', 'touchpoint', 'journeyStage'], true, 'counts'),
  cube(9, ['channel', 'touchpoint'], true, 'none'),
  cube(10, ['team', 'segment'], true, 'counts'),
  cube(11, ['team', 'topic'], true, 'counts'),
  cube(12, ['channel', 'topic'], true, 'none'),
  cube(13, ['touchpoint', 'topic'], true, 'none'),
  cube(14, ['location'], false, 'counts'),
  cube(15, ['product'], false, 'counts'),
  cube(16, ['team', 'location'], true, 'none'),
  cube(17, ['team', 'product'], true, 'none'),
];

/** Measures of loops that a cube counts only where it counts all */
const durations: ReadonlySet<Measure> = new Set<Measure>([
  ...(['response', 'responseCensored', 'responseWaiting', 'responseBusiness', 'responseBusinessCensored'] as const),
  ...(['resolution', 'resolutionCensored', 'resolutionWaiting', 'resolutionBusiness'] as const),
  'resolutionBusinessCensored',
]);
const durationCodes: ReadonlySet<number> = new Set([...durations].map((measure) => measures[measure]));
const isDuration = ({ measure }: { readonly measure: Measure }): boolean => durations.has(measure);

/** Whether a cube counts measures of these numbers. */
export const hasMeasures = ({ feedback, loops }: Cube, of: 'feedback' | 'loops', codes: readonly number[]): boolean => {
  if (of === 'feedback') return feedback;
  return loops === 'all' || (loops === 'counts' && !codes.some((code) => durationCodes.has(code)));
};

/** So many of one day are counted in a bucket of a measure. */
export interface Count {
  readonly cube: number;
  readonly measure: number;
  /** Days since 1970, UTC */
  readonly day: number;
  /** Of the cube's dimensions, in their order */
  readonly values: readonly [ValueId, ValueId, ValueId];
  readonly question: ValueId;
  /** In thousandths; 0 where there is none */
  readonly scale: number;
  readonly bucket: number;
  readonly n: number;
}

interface ScoredMark {
  readonly measure: Measure;
  readonly bucket: number;
  readonly question?: ValueId;
  readonly scale?: number;
}

const marksOfFeedback = ({ sentiment, rating, survey }: FeedbackFact): readonly ScoredMark[] => [
  { measure: 'sentiment', bucket: sentiment },
  ...(rating ? [{ measure: 'rating', bucket: rating.score, scale: rating.scale } as const] : []),
  ...(survey ? [{ measure: survey.metric, bucket: survey.score, scale: survey.scale, question: survey.question }] : []),
];

const singleValued: Readonly<Record<Exclude<Dimension, 'segment' | 'topic'>, keyof FeedbackFact | undefined>> = {
  ...{ channel: 'channel', touchpoint: 'touchpoint', journeyStage: 'journeyStage', location: 'location' },
  ...{ product: 'product', team: 'team', language: 'language', source: 'source' },
  ...{ priority: undefined, cohort: undefined, age: undefined },
};

/** What a feedback counts for. */
export function countsOfFeedback(fact: FeedbackFact, n: 1 | -1): Count[] {
  if (fact.deleted) return [];
  return countsOf(fact, {}, dayNumberOf(fact.at), marksOfFeedback(fact), n, false);
}

/** What a loop counts for; by the dimensions of the feedback that opened it, as far as that is known. */
export function countsOfLoop(
  { openedAt, team, priority }: Pick<LoopFact, 'openedAt' | 'team' | 'priority'>,
  marks: readonly Mark[],
  opener: FeedbackFact | undefined,
  n: 1 | -1,
): Count[] {
  return countsOf(opener, { team, priority }, dayNumberOf(openedAt), marks, n, true);
}

function countsOf(
  fact: FeedbackFact | undefined,
  own: { readonly team?: ValueId; readonly priority?: ValueId },
  day: number,
  marks: readonly ScoredMark[],
  n: number,
  ofLoops: boolean,
): Count[] {
  const counts: Count[] = [];
  const valueOf = (dimension: Dimension): ValueId => {
    if (dimension === 'team' && own.team !== undefined) return own.team;
    if (dimension === 'priority') return own.priority ?? unsaid;
    const field = isManyValued(dimension) ? undefined : singleValued[dimension];
    return field && fact ? (fact[field] as ValueId) : unsaid;
  };
  const plainMarks = ofLoops ? marks.filter((mark) => !isDuration(mark)) : marks;
  for (const { id, dimensions, feedback, loops } of cubes) {
    if (ofLoops ? loops === 'none' : !feedback) continue;
    const counted = ofLoops && loops === 'counts' ? plainMarks : marks;
    const values = [0, 1, 2].map((at) => (dimensions[at] ? valueOf(dimensions[at]) : unsaid));
    const many = dimensions.findIndex(isManyValued);
    const add = (value?: ValueId, sentiment?: number): void => {
      const place = (value === undefined ? values : values.with(many, value)) as unknown as Count['values'];
      for (const { measure, bucket, question = unsaid, scale = 0 } of counted) {
        const own = measure === 'sentiment' && sentiment !== undefined ? sentiment : bucket;
        counts.push({ cube: id, measure: measures[measure], day, values: place, question, scale, bucket: own, n });
      }
    };
    if (many < 0) add();
    else if (dimensions[many] === 'segment') for (const segment of manyOf(fact?.segments)) add(segment);
    else for (const [at, topic] of manyOf(fact?.topics).entries()) add(topic, fact?.topicSentiments[at]);
  }
  return counts;
}

/** One that has none is counted as having none. */
const manyOf = (values: readonly ValueId[] | undefined): readonly ValueId[] =>
  values && values.length > 0 ? values : [unsaid];

const dayMs = 86_400_000;
/** The first day of a day's month, both days since 1970. */
export function monthOf(day: number): number {
  const date = new Date(day * dayMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / dayMs;
}

/** Counts that are few days old and gone soon are not worth a month's: they say the minute of their day. */
export const isDaily = (measure: number): boolean =>
  measure === measures.responseWaiting || measure === measures.resolutionWaiting;

/** The sum of counts: one for each place, without those that come to nothing, in the order of their places. */
export function summed(counts: Iterable<Count>): Count[] {
  const sums = new Map<string, { readonly count: Count; n: number }>();
  // what a feedback counts for in a cube comes one after the other, at one place: most of a key is the last one's
  let last: Count | undefined;
  let place = '';
  for (const count of counts) {
    const { cube, measure, day, values, question, scale, bucket } = count;
    if (last?.values !== values || last.cube !== cube || last.day !== day) {
      place = `${cube} ${day} ${values[0]} ${values[1]} ${values[2]}`;
      last = count;
    }
    const key = `${place} ${measure} ${bucket} ${question} ${scale}`;
    const sum = sums.get(key);
    if (sum) sum.n += count.n;
    else sums.set(key, { count, n: count.n });
  }
  const left: Count[] = [];
  for (const { count, n } of sums.values()) if (n !== 0) left.push(n === count.n ? count : { ...count, n });
  return left.sort(comparePlaces);
}

const comparePlaces = (one: Count, other: Count): number =>
  one.cube - other.cube ||
  one.measure - other.measure ||
  one.day - other.day ||
  one.values[0] - other.values[0] ||
  one.values[1] - other.values[1] ||
  one.values[2] - other.values[2] ||
  one.question - other.question ||
  one.scale - other.scale ||
  one.bucket - other.bucket;
