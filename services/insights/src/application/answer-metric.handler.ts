import { Injectable } from '@nestjs/common';
import { isDaily } from '../domain/cube.js';
import { type Dimension, type ValueId, type Vocabulary } from '../domain/dimension.js';
import { sentimentOf } from '../domain/feedback-fact.js';
import { measures, dayNumberOf, type Measure } from '../domain/loop-fact.js';
import {
  dayText,
  isFine,
  mondayOf,
  rowOf,
  weekText,
  type MetricAnswer,
  type MetricRow,
} from '../domain/metric-answer.js';
import { MetricStore, type FeedbackBehind, type FeedbackPlace, type OtherMetric } from '../domain/metric-store.js';
import { ratingValueOf, valueOf, type Cell, type CellCount, type MetricValue } from '../domain/metric-value.js';
import {
  ageBandOf,
  countedMetric,
  countedMetrics,
  type CountedMetric,
  type MetricDefinition,
} from '../domain/metric.js';
import { Dictionary } from '../domain/model-store.js';
import { type CountedRow, type CountQuestion, type Question } from '../domain/question.js';
import { InsightsConfig } from '../insights.config.js';

/** What no value of a dictionary has */
const unknownValue: ValueId = -1;
const isRating = (name: string): name is 'rating' | 'rating-top' => name === 'rating' || name === 'rating-top';
const isSurvey = (name: string): boolean => ['nps', 'csat', 'ces', 'ces-top'].includes(name);

const measureNames = new Map<number, Measure>(
  Object.entries(measures).map(([name, code]) => [code, name as Measure] as const),
);

/** What a page of the feedback behind a number shows of each. */
export interface ShownFeedback {
  readonly feedbackId: string;
  readonly loopId: string | null;
  readonly at: string;
  readonly channel: string | null;
  readonly team: string | null;
  readonly topics: readonly string[];
  readonly sentiment: string | null;
  readonly rating?: { readonly value: number; readonly scale: number };
  readonly survey?: { readonly metric: string; readonly score: number; readonly scale: number };
  readonly state: string | null;
  readonly excerpt: string | null;
}

/** Metrics, as they are asked for: definitions, numbers, and the feedback behind them. */
@Injectable()
export class AnswerMetric {
  readonly #others = new Map<string, OtherMetric>();

  constructor(
    private readonly store: MetricStore,
    private readonly dictionary: Dictionary,
    private readonly config: InsightsConfig,
  ) {}

  /** A metric that another module answers, by its name from now on */
  add(metric: OtherMetric): void {
    this.#others.set(metric.definition.name, metric);
  }

  definitions(): readonly MetricDefinition[] {
    return [...countedMetrics, ...[...this.#others.values()].map(({ definition }) => definition)].map(definitionOf);
  }

  definition(name: string): MetricDefinition | undefined {
    return countedMetric(name) ?? this.#others.get(name)?.definition;
  }

  /** undefined where there is no such metric */
  async answer(name: string, question: Question): Promise<MetricAnswer | undefined> {
    const counted = countedMetric(name);
    const other = this.#others.get(name);
    const definition = counted ?? other?.definition;
    if (!definition) return undefined;
    const rows = counted ? await this.rows(counted, question) : await other!.rows(question);
    const { title, definition: words, unit } = definition;
    const { from, to, grain, by } = question;
    return {
      ...{ metric: name, title, definition: words, unit, grain },
      ...{ from: from.toISOString(), to: to.toISOString() },
      by: isSurvey(name) ? [...by, 'question', 'scale'] : by,
      rows,
    };
  }

  /** Feedback behind a number, newest first; undefined where the metric is not one of feedback or loops */
  async behind(
    name: string,
    question: Question,
    after: FeedbackPlace | undefined,
    limit: number,
  ): Promise<{ readonly items: readonly ShownFeedback[]; readonly next?: FeedbackPlace } | undefined> {
    const metric = countedMetric(name);
    if (!metric) return undefined;
    // one more tells whether there is a next page
    const found = await this.store.behind(await this.encoded(metric, question), after, limit + 1);
    const items = found.slice(0, limit);
    const names = await this.dictionary.valuesOf(
      items.flatMap(({ fact }) => [fact.channel, fact.team, ...fact.topics]),
    );
    const last = items.at(-1);
    return {
      items: items.map((item) => shown(item, names)),
      ...(found.length > limit && last && { next: last.place }),
    };
  }

  private async encoded(metric: CountedMetric, { filters, by, clock, ...question }: Question): Promise<CountQuestion> {
    const numbers = new Map<Dimension, ValueId[]>();
    for (const [dimension, values] of filters) {
      if (dimension === 'cohort') {
        numbers.set(
          dimension,
          values.map((week) => mondayOf(week) ?? unknownValue),
        );
        continue;
      }
      const known = await this.dictionary.find(dimension as Vocabulary, values);
      numbers.set(
        dimension,
        values.map((value) => (value === '' ? 0 : (known.get(value) ?? unknownValue))),
      );
    }
    const wanted = metric.measures(clock);
    return {
      ...{ of: metric.of, measures: wanted.map((measure) => measures[measure]) },
      ...{ from: question.from, to: question.to, period: question.grain },
      by: by.filter((dimension) => dimension !== 'age'),
      daily: by.includes('age'),
      filters: numbers,
      ...(metric.name === 'backlog' && { open: true }),
    };
  }

  /** How long it waits is told by days; all else is summed over months. */
  private async counted(question: CountQuestion, now: Date): Promise<CountedRow[]> {
    const waiting = question.measures.filter(isDaily);
    const others = question.measures.filter((code) => !isDaily(code));
    const parts = await Promise.all([
      others.length > 0 ? this.store.counts({ ...question, measures: others }) : [],
      waiting.length > 0 ? this.store.counts({ ...question, measures: waiting, waitedUntil: now }) : [],
    ]);
    return parts.flat();
  }

  private async rows(metric: CountedMetric, question: Question): Promise<MetricRow[]> {
    const asked = await this.encoded(metric, question);
    const now = await this.store.now();
    const counted = await this.counted(asked, now);
    const today = dayNumberOf(now);
    const places = new Map<
      string,
      { row: CountedRow; age?: string; cells: Map<string, Cell & { counts: CellCount[] }> }
    >();
    for (const row of counted) {
      const age = question.by.includes('age') ? ageBandOf(today - row.day!) : undefined;
      const survey = isSurvey(metric.name) ? [row.question, row.scale] : [];
      const key = JSON.stringify([row.period, row.values, age, ...survey]);
      let place = places.get(key);
      if (!place) places.set(key, (place = { row, cells: new Map(), ...(age !== undefined && { age }) }));
      const cellKey = String(row.scale);
      let cell = place.cells.get(cellKey);
      if (!cell) place.cells.set(cellKey, (cell = { scale: row.scale, counts: [] }));
      cell.counts.push({ measure: measureNames.get(row.measure)!, bucket: row.bucket, n: row.n });
    }

    const names = await this.dictionary.valuesOf(
      [...places.values()].flatMap(({ row }) => [row.question, ...row.values]).filter((id) => id > 0),
    );
    const fine = isFine(question);
    const rows = [...places.values()].flatMap(({ row, age, cells }): MetricRow[] => {
      const value: MetricValue = isRating(metric.name)
        ? ratingValueOf(metric.name, [...cells.values()])
        : valueOf(metric.name, [...cells.values()][0]!, question.clock, now);
      // of what is not open, not judged or not decided there is nothing to be said
      if (value.n === 0) return [];
      const values: Record<string, string | null> = {};
      for (const [at, dimension] of asked.by.entries()) {
        const id = row.values[at]!;
        values[dimension] = dimension === 'cohort' ? weekText(id) : (names.get(id) ?? null);
      }
      if (age !== undefined) values['age'] = age;
      if (isSurvey(metric.name)) {
        values['question'] = names.get(row.question) ?? null;
        values['scale'] = String(row.scale / 1_000);
      }
      const period = row.period === null ? {} : { period: dayText(row.period) };
      return [rowOf({ ...period, values }, value, { ...this.config, fine })];
    });
    return rows.sort((one, other) => compareText(one.period, other.period) || compareText(keyOf(one), keyOf(other)));
  }
}

const keyOf = ({ values }: MetricRow): string =>
  Object.values(values)
    .map((value) => value ?? '')
    .join('\0');
const compareText = (one = '', other = ''): number => (one < other ? -1 : one > other ? 1 : 0);

const definitionOf = ({ name, title, definition, unit, source, dimensions }: MetricDefinition): MetricDefinition => ({
  ...{ name, title, definition, unit, source, dimensions },
});

function shown({ fact, excerpt, loop }: FeedbackBehind, names: ReadonlyMap<ValueId, string>): ShownFeedback {
  const { feedbackId, at, channel, team, topics, sentiment, rating, survey } = fact;
  return {
    ...{ feedbackId, loopId: loop?.loopId ?? null, at: at.toISOString() },
    ...{ channel: names.get(channel) ?? null, team: names.get(team) ?? null },
    topics: topics.flatMap((topic) => names.get(topic) ?? []),
    sentiment: sentimentOf(sentiment) ?? null,
    ...(rating && { rating: { value: rating.score / 1_000, scale: rating.scale / 1_000 } }),
    ...(survey && { survey: { metric: survey.metric, score: survey.score / 1_000, scale: survey.scale / 1_000 } }),
    ...{ state: loop?.state ?? null, excerpt },
  };
}
