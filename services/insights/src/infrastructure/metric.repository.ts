import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Cube } from '../domain/cube.js';
import { CubeCounts } from '../domain/cube-counts.js';
import { type Dimension, isManyValued, type ManyValued } from '../domain/dimension.js';
import { surveyCodeOf } from '../domain/feedback-fact.js';
import { closedStates, dayNumberOf, measures } from '../domain/loop-fact.js';
import { logGrowth, zeroBucket } from '../domain/statistics/log-bucket-histogram.js';
import { MetricStore, type FeedbackBehind, type FeedbackPlace } from '../domain/metric-store.js';
import { type Grain } from '../domain/metric.js';
import { cubeFor, wholeMonths, type CountedRow, type CountQuestion } from '../domain/question.js';
import { columnsAs, factOf, type FeedbackRow } from './fact.columns.js';
import { liveSchema, monthOf } from './model-tables.js';

interface CountRow {
  readonly period: number | null;
  readonly day: number | null;
  readonly values: number[];
  readonly question: number;
  readonly scale: number;
  readonly measure: number;
  readonly bucket: number;
  readonly n: number;
}

/** Parameters of a statement, each by its place. */
class Parameters {
  readonly values: unknown[] = [];
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

const monday = (day: string): string => `(${day} - (((${day}) + 3) % 7 + 7) % 7)`;

/** The first day of the period that a day is in */
const periodOf: Readonly<Record<Grain, (day: string) => string>> = {
  total: () => 'null::int',
  day: (day) => day,
  week: monday,
  month: monthOf,
};

const columnOf: Readonly<Record<Exclude<Dimension, ManyValued | 'cohort' | 'age' | 'priority'>, string>> = {
  ...{ channel: 'channel', touchpoint: 'touchpoint', journeyStage: 'journey_stage', location: 'location' },
  ...{ product: 'product', team: 'team', language: 'language', source: 'source' },
};
const topicOrSegment: Readonly<Record<ManyValued, string>> = { topic: 'topics', segment: 'segments' };

@Injectable()
export class MetricRepository extends MetricStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly counted: CubeCounts,
  ) {
    super();
  }

  override async now(): Promise<Date> {
    const [row] = await this.dataSource.query<{ now: Date }[]>('select clock_timestamp() as now');
    return row!.now;
  }

  override async counts(question: CountQuestion): Promise<CountedRow[]> {
    const cube = cubeFor(question);
    const parameters = new Parameters();
    if (cube) await this.counted.takeIn();
    const statement = cube ? ofCube(question, cube, parameters) : ofFacts(question, parameters);
    return this.dataSource.query<CountRow[]>(statement, parameters.values);
  }

  override async behind(
    question: CountQuestion,
    after: FeedbackPlace | undefined,
    limit: number,
  ): Promise<FeedbackBehind[]> {
    const parameters = new Parameters();
    const { from, where, at } = factsOf(question, parameters, 'existing');
    const id = question.of === 'loops' ? 'loop.loop_id' : 'fact.feedback_id';
    if (after) where.push(`(${at}, ${id}) < (${parameters.add(after.at)}, ${parameters.add(after.id)}::uuid)`);
    const rows = await this.dataSource.query<
      (FeedbackRow & {
        place_at: Date;
        place_id: string;
        excerpt: string | null;
        loop_id: string | null;
        state: string | null;
      })[]
    >(
      `select page.*, words.excerpt, standing.loop_id, standing.state
       from (select ${columnsAs('fact')}, ${at} place_at, ${id} place_id from ${from} where ${where.join(' and ')}
             order by ${at} desc, ${id} desc limit ${parameters.add(limit)}) page
       left join ${liveSchema}.feedback_words words on words.feedback_id = page.feedback_id
       left join ${liveSchema}.feedback_place place on place.feedback_id = page.feedback_id
       left join ${liveSchema}.loop_fact standing on standing.loop_id = ${
         question.of === 'loops' ? 'page.place_id' : 'place.loop_id'
       }
       order by place_at desc, place_id desc`,
      parameters.values,
    );
    return rows.map((row) => ({
      fact: factOf(row),
      place: { at: row.place_at, id: row.place_id },
      excerpt: row.excerpt,
      ...(row.loop_id !== null && { loop: { loopId: row.loop_id, state: row.state! } }),
    }));
  }
}

/** Counts that were summed beforehand; whole months out of those by month. */
function ofCube(question: CountQuestion, { id, dimensions }: Cube, parameters: Parameters): string {
  const [from, to] = [dayNumberOf(question.from), dayNumberOf(question.to)];
  const needsDays =
    question.daily ||
    question.waitedUntil !== undefined ||
    question.period === 'day' ||
    question.period === 'week' ||
    [...question.by, ...question.filters.keys()].includes('cohort');
  const months = needsDays ? undefined : wholeMonths(from, to);
  const cube = parameters.add(id);
  const measured = parameters.add(question.measures);
  const placeOf = (dimension: Dimension): string =>
    dimension === 'cohort' ? monday('day') : `d${dimensions.indexOf(dimension) + 1}`;
  const filters = [...question.filters].map(
    ([dimension, values]) => `${placeOf(dimension)} = any(${parameters.add(values)})`,
  );
  const part = (table: string, begin: number, end: number): string[] =>
    begin >= end
      ? []
      : [
          `select day, d1, d2, d3, question, scale, measure, bucket, n from ${liveSchema}.${table}
           where ${[
             `cube = ${cube} and measure = any(${measured})`,
             `day >= ${parameters.add(begin)} and day < ${parameters.add(end)}`,
             ...filters,
           ].join(' and ')}`,
        ];
  const parts = months
    ? [
        ...part('cube_day', from, months[0]),
        ...part('cube_month', months[0], months[1]),
        ...part('cube_day', months[1], to),
      ]
    : part('cube_day', from, to);
  return grouped(
    question,
    parts.length === 0 ? part('cube_day', from, from + 1)[0]! : parts.join(' union all '),
    question.by.map(placeOf),
    'sum(n::float8)',
  );
}

/** The same counts, one by one out of the facts. */
function ofFacts(question: CountQuestion, parameters: Parameters): string {
  const { from, where, at, valueOf, counted } = factsOf(question, parameters, 'each');
  const day = `floor(extract(epoch from ${at}) / 86400)::int`;
  const selected = question.by.map((dimension, index) => `${valueOf(dimension)} as v${index}`);
  return grouped(
    question,
    `select ${[`${day} as day`, ...selected, counted].join(', ')} from ${from} where ${where.join(' and ')}`,
    question.by.map((_, index) => `v${index}`),
    'count(*)::float8',
  );
}

/** Groups by plain numbers; they are put together once there are few. */
function grouped(question: CountQuestion, counts: string, values: readonly string[], sum: string): string {
  const names = values.map((_, index) => `v${index}`);
  const columns = ['period', 'day', ...names, 'question', 'scale', 'measure', 'bucket'];
  const bucket = question.waitedUntil ? waitedBucket(question.waitedUntil) : 'bucket';
  return `select period, day, array[${names.join(', ')}]::int[] as "values", question, scale, measure, bucket, n
    from (select ${periodOf[question.period]('day')} as period, ${question.daily ? 'day' : 'null::int'} as day,
        ${values.map((value, index) => `${value} as v${index}, `).join('')} question, scale, measure, ${bucket} as bucket, ${sum} as n
      from (${counts}) counts
      group by ${columns.map((_, index) => index + 1).join(', ')}) grouped`;
}

/** As bucketOf has it, of what began on a day and in a minute of it: in Postgres, as each minute of a year would be a row. */
function waitedBucket(until: Date): string {
  const ms = `(${until.getTime()}::float8 - day * 86400000::float8 - bucket * 60000::float8)`;
  return `(case when ${ms} < 1 then ${zeroBucket} else greatest(0, ceil(ln(greatest(1, ${ms})) / ${logGrowth})) end)::int`;
}

/**
 * The facts that a question is about.
 * @param how each: a row for each value of what has several, as far as that is asked for; existing: a row for each fact
 */
function factsOf(question: CountQuestion, parameters: Parameters, how: 'each' | 'existing') {
  const { of, by, filters } = question;
  const ofLoops = of === 'loops';
  const at = ofLoops ? 'loop.opened_at' : 'fact.at';
  const day = `floor(extract(epoch from ${at}) / 86400)::int`;
  const joins: string[] = [];
  const where = [`${at} >= ${parameters.add(question.from)} and ${at} < ${parameters.add(question.to)}`];
  // by one value: what was said of that topic counts, as in the cube
  const isSplit = (dimension: ManyValued): boolean =>
    how === 'each' && (by.includes(dimension) || filters.get(dimension)?.length === 1);

  if (isSplit('topic')) {
    joins.push(`cross join lateral (
      select topic, said from unnest(fact.topics, fact.topic_sentiments) given (topic, said)
      union all select 0, fact.sentiment where coalesce(cardinality(fact.topics), 0) = 0) topic`);
  }
  if (isSplit('segment')) {
    joins.push(`cross join lateral (
      select segment from unnest(fact.segments) given (segment)
      union all select 0 where coalesce(cardinality(fact.segments), 0) = 0) segment`);
  }
  const valueOf = (dimension: Dimension): string => {
    if (dimension === 'cohort') return monday(day);
    if (dimension === 'topic') return 'topic.topic';
    if (dimension === 'segment') return 'segment.segment';
    if (dimension === 'priority' || (dimension === 'team' && ofLoops)) return `loop.${dimension}`;
    if (dimension === 'age') throw new RangeError('ages are told by days');
    return ofLoops ? `coalesce(fact.${columnOf[dimension]}, 0)` : `fact.${columnOf[dimension]}`;
  };
  for (const [dimension, values] of filters) {
    const wanted = parameters.add(values);
    if (isManyValued(dimension) && !isSplit(dimension)) {
      const column = `coalesce(fact.${topicOrSegment[dimension]}, '{}')`;
      where.push(`(${column} && ${wanted}::int[] or (0 = any(${wanted}::int[]) and ${column} = '{}'))`);
    } else where.push(`${valueOf(dimension)} = any(${wanted}::int[])`);
  }

  if (ofLoops) {
    const measured = parameters.add(question.measures);
    if (how === 'existing') {
      where.push(`loop.measures && ${measured}::smallint[]`);
      if (question.open) where.push(`loop.state <> all(${parameters.add(closedStates)})`);
    } else {
      joins.push('cross join lateral unnest(loop.measures, loop.buckets) mark (measure, bucket)');
      where.push(`mark.measure = any(${measured}::smallint[])`);
    }
    return {
      from: `${liveSchema}.loop_fact loop ${how === 'each' ? 'left' : ''} join ${liveSchema}.feedback_fact fact on fact.feedback_id = loop.opened_by ${joins.join(' ')}`,
      ...{ where, at, valueOf, counted: 'mark.measure, mark.bucket, 0 as question, 0 as scale' },
    };
  }
  where.push('not fact.deleted');
  const [measure] = question.measures;
  return {
    ...{ from: `${liveSchema}.feedback_fact fact ${joins.join(' ')}`, where, at, valueOf },
    counted: `${measure}::int as measure, ${markOfFeedback(measure!, where, isSplit('topic'))}`,
  };
}

/** What a feedback counts for in a measure, as columns; adds what it takes to count at all. */
function markOfFeedback(measure: number, where: string[], byTopic: boolean): string {
  if (measure === measures.sentiment) {
    return `${byTopic ? 'topic.said' : 'fact.sentiment'}::int as bucket, 0 as question, 0 as scale`;
  }
  if (measure === measures.rating) {
    where.push('fact.rating is not null');
    return 'fact.rating as bucket, 0 as question, fact.rating_scale as scale';
  }
  const metric = (['nps', 'csat', 'ces'] as const).find((name) => measures[name] === measure);
  if (!metric) throw new RangeError(`${measure} is no measure of feedback`);
  where.push(`fact.survey = ${surveyCodeOf(metric)}`);
  return 'fact.score as bucket, fact.question, fact.score_scale as scale';
}
