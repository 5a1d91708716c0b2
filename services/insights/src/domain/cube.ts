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

/** What is counted at a place, and in which bucket; the key tells marks of a place apart. */
interface CountedMark {
  readonly key: string;
  readonly measure: number;
  readonly bucket: number;
  readonly question: ValueId;
  readonly scale: number;
}

const countedMark = (measure: number, bucket: number, question: ValueId = unsaid, scale = 0): CountedMark => ({
  key: `${measure} ${bucket} ${question} ${scale}`,
  ...{ measure, bucket, question, scale },
});

const sentimentMark = (sentiment: number): CountedMark => countedMark(measures.sentiment, sentiment);

/** The sentiment first */
function marksOfFeedback({ sentiment, rating, survey }: FeedbackFact): readonly CountedMark[] {
  const marks = [sentimentMark(sentiment)];
  if (rating) marks.push(countedMark(measures.rating, rating.score, unsaid, rating.scale));
  if (survey) marks.push(countedMark(measures[survey.metric], survey.score, survey.question, survey.scale));
  return marks;
}

const singleValued: Readonly<Record<Exclude<Dimension, 'segment' | 'topic'>, keyof FeedbackFact | undefined>> = {
  ...{ channel: 'channel', touchpoint: 'touchpoint', journeyStage: 'journeyStage', location: 'location' },
  ...{ product: 'product', team: 'team', language: 'language', source: 'source' },
  ...{ priority: undefined, cohort: undefined, age: undefined },
};

interface PlaceSums {
  readonly cube: number;
  readonly day: number;
  readonly values: Count['values'];
  readonly sums: Map<string, { readonly mark: CountedMark; n: number }>;
}

/**
 * Sums of what feedback and loops count for. A feedback counts some thirty times, most of a batch at the same places: what tells places
 * apart is made once for all marks, and what tells marks apart once for all places.
 */
export class CountSums {
  readonly #places = new Map<string, PlaceSums>();

  /** What a feedback counts for. */
  addFeedback(fact: FeedbackFact, n: 1 | -1): void {
    if (fact.deleted) return;
    const marks = marksOfFeedback(fact);
    const day = dayNumberOf(fact.at);
    for (const cube of cubes) if (cube.feedback) this.#addTo(cube, fact, {}, day, marks, n);
  }

  /** What a loop counts for; by the dimensions of the feedback that opened it, as far as that is known. */
  addLoop(
    { openedAt, team, priority }: Pick<LoopFact, 'openedAt' | 'team' | 'priority'>,
    marks: readonly Mark[],
    opener: FeedbackFact | undefined,
    n: 1 | -1,
  ): void {
    const all = marks.map(({ measure, bucket }) => countedMark(measures[measure], bucket));
    const plain = all.filter(({ measure }) => !durationCodes.has(measure));
    const own = { team, priority };
    const day = dayNumberOf(openedAt);
    for (const cube of cubes) {
      if (cube.loops !== 'none') this.#addTo(cube, opener, own, day, cube.loops === 'all' ? all : plain, n);
    }
  }

  /** One for each place, without those that come to nothing */
  counts(): Count[] {
    const counts: Count[] = [];
    for (const { cube, day, values, sums } of this.#places.values()) {
      for (const { mark, n } of sums.values()) {
        if (n === 0) continue;
        const { measure, bucket, question, scale } = mark;
        counts.push({ cube, measure, day, values, question, scale, bucket, n });
      }
    }
    return counts;
  }

  #addTo(
    { id, dimensions }: Cube,
    fact: FeedbackFact | undefined,
    own: { readonly team?: ValueId; readonly priority?: ValueId },
    day: number,
    marks: readonly CountedMark[],
    n: number,
  ): void {
    const valueOf = (dimension: Dimension | undefined): ValueId => {
      if (dimension === undefined) return unsaid;
      if (dimension === 'team' && own.team !== undefined) return own.team;
      if (dimension === 'priority') return own.priority ?? unsaid;
      const field = isManyValued(dimension) ? undefined : singleValued[dimension];
      return field && fact ? (fact[field] as ValueId) : unsaid;
    };
    const values = [valueOf(dimensions[0]), valueOf(dimensions[1]), valueOf(dimensions[2])] as const;
    const many = dimensions.findIndex(isManyValued);
    if (many < 0) {
      this.#addAt(id, day, values, marks, n);
      return;
    }
    const isTopic = dimensions[many] === 'topic';
    for (const [at, value] of manyOf(isTopic ? fact?.topics : fact?.segments).entries()) {
      const place = values.with(many, value) as unknown as Count['values'];
      const said = isTopic ? fact?.topicSentiments[at] : undefined;
      // of a topic counts what was said of it
      const [first, ...rest] = marks;
      const counted =
        said !== undefined && first?.measure === measures.sentiment ? [sentimentMark(said), ...rest] : marks;
      this.#addAt(id, day, place, counted, n);
    }
  }

  #addAt(cube: number, day: number, values: Count['values'], marks: readonly CountedMark[], n: number): void {
    const key = `${cube} ${day} ${values[0]} ${values[1]} ${values[2]}`;
    let place = this.#places.get(key);
    if (!place) this.#places.set(key, (place = { cube, day, values, sums: new Map() }));
    for (const mark of marks) {
      const sum = place.sums.get(mark.key);
      if (sum) sum.n += n;
      else place.sums.set(mark.key, { mark, n });
    }
  }
}

/** One that has none is counted as having none. */
const manyOf = (values: readonly ValueId[] | undefined): readonly ValueId[] =>
  values && values.length > 0 ? values : [unsaid];

/** Counts that are few days old and gone soon are not worth a month's: they say the minute of their day. */
export const dailyMeasures: readonly number[] = [measures.responseWaiting, measures.resolutionWaiting];
export const isDaily = (measure: number): boolean => dailyMeasures.includes(measure);
