import { type SentimentLabel, type SurveyMetric } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import {
  churnRiskOf,
  customerIdsOf,
  CustomerStore,
  orderValueOf,
  type ChurnRisk,
  type CustomersFeedback,
  type OrderValue,
  type ToldImprovement,
} from '../domain/customer.js';
import { type ValueId } from '../domain/dimension.js';
import { sentimentCodeOf, sentimentOf, type Score } from '../domain/feedback-fact.js';
import { type LoopStep } from '../domain/loop-fact.js';
import { MetricStore } from '../domain/metric-store.js';
import { Dictionary } from '../domain/model-store.js';

/** Feedback that is shown; who said more is shown the latest */
const mostFeedback = 200;

/** Something in the customer's timeline. */
export interface TimelineEntry {
  readonly at: string;
  /** improvement: the customer was told of one; `excerpt` is what it is called */
  readonly kind: 'feedback' | 'loop' | 'reply' | 'follow-up' | 'improvement';
  readonly channel?: string;
  readonly touchpoint?: string;
  readonly feedbackId?: string;
  readonly loopId?: string;
  readonly improvementId?: string;
  readonly change?: string;
  readonly note?: string;
  readonly team?: string;
  readonly state?: string;
  readonly excerpt?: string;
  readonly sentiment?: SentimentLabel;
  readonly rating?: { readonly value: number; readonly scale: number };
  readonly survey?: { readonly metric: SurveyMetric; readonly score: number; readonly scale: number };
}

/** The last score of its kind */
export interface LastScore {
  readonly value: number;
  readonly scale: number;
  readonly at: string;
  /** How many there are */
  readonly n: number;
}

export interface CustomerView {
  readonly customerKey: string;
  /** Newest first */
  readonly timeline: readonly TimelineEntry[];
  readonly scores: Readonly<Partial<Record<SurveyMetric | 'rating', LastScore>>>;
  readonly segments: readonly string[];
  readonly value?: OrderValue;
  readonly churnRisk: ChurnRisk;
}

/** One customer over all channels, as far as one may see: agents what their own teams have. */
@Injectable()
export class ReadCustomer {
  constructor(
    private readonly store: CustomerStore,
    private readonly dictionary: Dictionary,
    private readonly metrics: MetricStore,
  ) {}

  /** undefined where nothing is known of such a customer, or nothing that these teams may see */
  async handle(customerKey: string, teams: readonly string[] | undefined): Promise<CustomerView | undefined> {
    const history = await this.store.history(customerIdsOf(customerKey), mostFeedback);
    const names = await this.dictionary.valuesOf([
      ...history.feedback.flatMap(({ fact }) => [fact.channel, fact.touchpoint, fact.team, ...fact.segments]),
      ...history.steps.map(({ team }) => team),
    ]);
    const mayKnow = (team: ValueId): boolean => teams === undefined || teams.includes(names.get(team) ?? '');
    const now = new Map<string, LoopStep>();
    for (const step of history.steps)
      if ((now.get(step.loopId)?.version ?? 0) < step.version) now.set(step.loopId, step);
    const isMine = ({ fact, loopId }: CustomersFeedback): boolean =>
      mayKnow(fact.team) || (loopId !== null && mayKnow(now.get(loopId)?.team ?? 0));
    const feedback = history.feedback.filter(isMine);
    const loopIds = new Set(feedback.flatMap(({ loopId }) => loopId ?? []));
    const steps = history.steps.filter(({ loopId }) => loopIds.has(loopId) && mayKnow(now.get(loopId)!.team));
    if (feedback.length === 0) return undefined;
    const value = orderValueOf(feedback);
    return {
      customerKey,
      timeline: [
        ...feedback.map((one) => saidEntry(one, names)),
        // what feedback does by itself stands there as the feedback
        ...steps
          .filter(({ change }) => !['joined', 'settled', 'revised'].includes(change))
          .map((step) => stepEntry(step, names)),
        ...history.told.filter(({ loopId }) => loopIds.has(loopId)).map(toldEntry),
      ].sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0)),
      scores: scoresOf(feedback),
      segments: [...new Set(feedback.flatMap(({ fact }) => fact.segments.flatMap((id) => names.get(id) ?? [])))],
      ...(value && { value }),
      churnRisk: churnRiskOf(feedback, steps, sentimentCodeOf('negative'), await this.metrics.now()),
    };
  }
}

const pointsOf = ({ score, scale }: Score): { value: number; scale: number } => ({
  ...{ value: score / 1_000, scale: scale / 1_000 },
});

function saidEntry({ fact, excerpt, loopId }: CustomersFeedback, names: ReadonlyMap<ValueId, string>): TimelineEntry {
  const { feedbackId, at, channel, touchpoint, team, sentiment, rating, survey } = fact;
  const label = sentimentOf(sentiment);
  const named = (name: string, id: ValueId) => {
    const value = names.get(id);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...{ at: at.toISOString(), kind: 'feedback', feedbackId },
    ...{ ...named('channel', channel), ...named('touchpoint', touchpoint), ...named('team', team) },
    ...(loopId !== null && { loopId }),
    ...(excerpt !== null && { excerpt }),
    ...(label && { sentiment: label }),
    ...(rating && { rating: pointsOf(rating) }),
    ...(survey && { survey: { metric: survey.metric, score: survey.score / 1_000, scale: survey.scale / 1_000 } }),
  };
}

function stepEntry(step: LoopStep, names: ReadonlyMap<ValueId, string>): TimelineEntry {
  const { loopId, change, note, at, state, team } = step;
  const kind =
    change === 'responded' ? 'reply' : change === 'confirmed' || change === 'objected' ? 'follow-up' : 'loop';
  const name = names.get(team);
  return {
    ...{ at: at.toISOString(), kind, loopId, change, state },
    ...(note !== undefined && { note }),
    ...(name !== undefined && { team: name }),
  };
}

const toldEntry = ({ at, loopId, improvementId, title }: ToldImprovement): TimelineEntry => ({
  ...{ at: at.toISOString(), kind: 'improvement', loopId, improvementId, excerpt: title },
});

function scoresOf(feedback: readonly CustomersFeedback[]): CustomerView['scores'] {
  const scores: Partial<Record<SurveyMetric | 'rating', LastScore>> = {};
  // newest first: the first of a kind is the last one given
  for (const { fact } of feedback) {
    const given = [
      ...(fact.survey ? [[fact.survey.metric, fact.survey] as const] : []),
      ...(fact.rating ? [['rating', fact.rating] as const] : []),
    ];
    for (const [kind, score] of given) {
      const known = scores[kind];
      scores[kind] = known ? { ...known, n: known.n + 1 } : { ...pointsOf(score), at: fact.at.toISOString(), n: 1 };
    }
  }
  return scores;
}
