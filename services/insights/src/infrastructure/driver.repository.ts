import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { cubes } from '../domain/cube.js';
import { CubeCounts } from '../domain/cube-counts.js';
import { unsaid, type FeedbackDimension } from '../domain/dimension.js';
import {
  DriverStore,
  type DriverFilter,
  type DriverQuestion,
  type ScoredFeedback,
} from '../domain/drivers/driver-store.js';
import type { DriverOutcome, ScoredCell } from '../domain/drivers/drivers.js';
import { surveyCodeOf } from '../domain/feedback-fact.js';
import { measures } from '../domain/loop-fact.js';
import { Dictionary } from '../domain/model-store.js';
import { starsOf } from '../domain/statistics/rating.js';
import { liveSchema, sampledShare } from './model-tables.js';

const columns: Record<DriverFilter, string> = {
  ...{ channel: 'channel', touchpoint: 'touchpoint', journeyStage: 'journey_stage', location: 'location' },
  ...{ product: 'product', segment: 'segments', team: 'team', language: 'language', source: 'source' },
};

/** What holds a score, and of surveys the scale on which alone the metric is defined. In thousandths, as facts are. */
const scored: Record<DriverOutcome, string> = {
  nps: `survey = ${surveyCodeOf('nps')} and score_scale = 10000`,
  csat: `survey = ${surveyCodeOf('csat')} and score_scale = 5000`,
  rating: 'rating is not null',
};

interface CellRow {
  readonly channel: number;
  readonly product: number;
  readonly question: number | null;
  readonly topics: number[];
  readonly score: number;
  readonly scale: number;
  readonly count: number;
}

const dayMs = 86_400_000;
/** The cube that counts all together */
const wholeCube = cubes.find(({ dimensions }) => dimensions.length === 0)!.id;

/** Which ids are looked at, so large a share of all: they are hashes, alike everywhere. */
function idsOf(share: number): string {
  if (share >= 1) return 'true';
  const below = (part: number): string =>
    `feedback_id < '${Math.floor(part * 2 ** 32)
      .toString(16)
      .padStart(8, '0')}-0000-0000-0000-000000000000'`;
  // said as the index of the sample says it, too
  return share <= sampledShare ? `${below(sampledShare)} and ${below(share)}` : below(share);
}

@Injectable()
export class DriverRepository extends DriverStore {
  /** Scored feedback of a period that is looked at: more takes longer than a page may, and tells little more */
  protected readonly mostScored: number = 15_000;
  /** Feedback that is looked through for it; of more the sample, which has an index of its own */
  protected readonly mostFeedback: number = 300_000;

  constructor(
    private readonly dataSource: DataSource,
    private readonly dictionary: Dictionary,
    private readonly counted: CubeCounts,
  ) {
    super();
  }

  /** Feedback that is alike is counted where it lies: however much there is, few rows come. */
  override async cells({ outcome, from, to, filters }: DriverQuestion): Promise<ScoredFeedback> {
    const share = await this.shareOf(outcome, from, to);
    const parameters: unknown[] = [from, to];
    const wheres: string[] = [];
    for (const [name, values] of filters) {
      const ids = await this.numbersOf(name, values);
      parameters.push(ids);
      const given = `$${parameters.length}::int[]`;
      wheres.push(
        name === 'segment'
          ? `(segments && ${given} or segments = '{}' and ${unsaid} = any(${given}))`
          : `${columns[name]} = any(${given})`,
      );
    }
    const [score, scale, question] =
      outcome === 'rating' ? ['rating', 'rating_scale', 'null::int'] : ['score', 'score_scale', 'question'];
    const rows = await this.dataSource.query<CellRow[]>(
      `select channel, product, ${question} question, topics, ${score} score, ${scale} "scale", count(*)::int count
       from ${liveSchema}.feedback_fact
       where at >= $1 and at < $2 and ${idsOf(share)} and not deleted and ${[scored[outcome], ...wheres].join(' and ')}
       group by 1, 2, 3, 4, 5, 6`,
      parameters,
    );
    const ids = new Set(
      rows.flatMap(({ channel, product, question: asked, topics }) => [channel, product, asked ?? unsaid, ...topics]),
    );
    const values = await this.dictionary.valuesOf(ids);
    const cells = rows.map((row): ScoredCell => ({
      ...{ channel: values.get(row.channel) ?? '', product: values.get(row.product) ?? null, count: row.count },
      question: row.question === null ? null : (values.get(row.question) ?? null),
      topics: row.topics.flatMap((topic) => values.get(topic) ?? []),
      score: outcome === 'rating' ? starsOf(row.score / 1000, row.scale / 1000) : row.score / 1000,
    }));
    return { cells, share };
  }

  /** How much may be looked at: what there is in all is known by day. */
  private async shareOf(outcome: DriverOutcome, from: Date, to: Date): Promise<number> {
    await this.counted.takeIn();
    const [row] = await this.dataSource.query<{ feedback: number; scored: number }[]>(
      `select coalesce(sum(n) filter (where measure = $2), 0)::float8 feedback,
         coalesce(sum(n) filter (where measure = $3), 0)::float8 scored
       from ${liveSchema}.cube_day where cube = $1 and measure in ($2, $3) and day >= $4 and day < $5`,
      [
        ...[wholeCube, measures.sentiment, measures[outcome]],
        ...[Math.floor(from.getTime() / dayMs), Math.ceil(to.getTime() / dayMs)],
      ],
    );
    const share = Math.min(1, this.mostScored / Math.max(1, row!.scored));
    return row!.feedback > this.mostFeedback ? Math.min(share, sampledShare) : share;
  }

  private async numbersOf(name: FeedbackDimension, values: readonly string[]): Promise<number[]> {
    const known = await this.dictionary.find(
      name,
      values.filter((value) => value !== ''),
    );
    return [...known.values(), ...(values.includes('') ? [unsaid] : [])];
  }
}
