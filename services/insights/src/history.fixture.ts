import {
  channels,
  feedbackIdOf,
  journeyStages,
  loopIdOf,
  sha256,
  type Feedback,
  type FeedbackRouted,
  type LoopChange,
  type LoopChanged,
  type LoopClocks,
  type LoopState,
  type SentimentLabel,
  type Tags,
} from '@closeloop/contracts';

/** Numbers that look drawn and are the same each time (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface RoutedGiven {
  readonly content?: Partial<Feedback>;
  readonly tags?: Partial<Tags>;
  readonly sentiment?: SentimentLabel;
  readonly topics?: readonly string[];
  readonly team?: string;
  readonly tagRevision?: number;
  readonly routeRevision?: number;
  readonly deleted?: boolean;
}

/** A routed feedback of the source `shop`, known by its external id. */
export function routedOf(externalId: string, given: RoutedGiven = {}): FeedbackRouted {
  const { content = {}, sentiment = 'negative', topics = [], team = 'support', deleted = false } = given;
  const { tagRevision = 1, routeRevision = 1 } = given;
  const revision = content.revision ?? 1;
  const feedback: Feedback = {
    ...{ feedbackId: feedbackIdOf('shop', externalId), source: 'shop', externalId, channel: 'review', historic: false },
    ...{ kind: deleted ? 'deleted' : revision === 1 ? 'created' : 'updated', receivedAt: '2026-03-01T10:00:00.000Z' },
    ...(!deleted && { text: `what ${externalId} said, ${revision}` }),
    ...content,
    revision,
    contentHash: sha256(JSON.stringify([externalId, content, deleted])),
  };
  return {
    ...{ feedback, tagRevision, routeRevision },
    tags: deleted
      ? null
      : {
          ...{ language: { tag: 'en', confidence: 0.9 }, sentiment: { label: sentiment, score: 0, confidence: 0.8 } },
          topics: topics.map((name) => ({ name, confidence: 0.8 })),
          ...{ model: 'spec-1', taggedBy: 'model' },
          ...given.tags,
        },
    route: deleted
      ? null
      : {
          ...{ team, priority: 'medium', slaPolicy: 'standard', labels: [], loop: 'open' },
          ruleSetVersion: 1,
          rule: 'x',
        },
  };
}

export interface StepGiven {
  readonly change: LoopChange;
  readonly state: LoopState;
  readonly at: string;
  readonly cycle?: number;
  readonly team?: string;
  readonly note?: string;
  readonly owner?: string;
  readonly clocks?: LoopClocks;
  readonly joins?: string;
}

/** What loop.changed tells of a loop that this feedback opened, step by step, from version 1 on. */
export function loopOf(externalId: string, steps: readonly StepGiven[]): LoopChanged[] {
  const feedbackId = feedbackIdOf('shop', externalId);
  const loopId = loopIdOf(feedbackId);
  return steps.map(({ change, state, at, cycle = 1, team = 'support', note, owner, clocks, joins }, index) => ({
    ...{ loopId, version: index + 1, change, at, actor: { kind: 'system' as const } },
    ...(note !== undefined && { note }),
    loop: {
      ...{ state, cycle, team, priority: 'medium' as const },
      ...(owner && { owner }),
      ...(clocks && { clocks }),
    },
    ...((index === 0 || joins !== undefined) && {
      feedback: {
        feedbackId: joins === undefined ? feedbackId : feedbackIdOf('shop', joins),
        ...{ revision: 1, tagRevision: 1, routeRevision: 1, settlement: 1 },
        outcome: joins === undefined ? ('loop' as const) : ('joined' as const),
      },
    }),
  }));
}

export type HistoryEvent = { readonly routed: FeedbackRouted } | { readonly changed: LoopChanged };

const day = 86_400_000;
const begin = Date.UTC(2026, 1, 20);

/**
 * A history over a few weeks: revisions, corrected tags, other routes, withdrawals, surveys on several scales, customers who come back, loops that
 * are answered, wait, are reopened, dismissed, withdrawn, or stay open.
 */
export function aHistory(seed: number, feedback = 80): HistoryEvent[] {
  const random = randomOf(seed);
  const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)]!;
  const chance = (share: number): boolean => random() < share;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const events: HistoryEvent[] = [];
  for (let index = 0; index < feedback; index++) {
    const externalId = `${seed}-${index}`;
    const at = begin + random() * 40 * day;
    const content = (revision: number): Partial<Feedback> => ({
      ...{ revision, channel: pick(channels), receivedAt: iso(at + 1_000) },
      ...(chance(0.8) && { occurredAt: iso(at) }),
      ...(chance(0.8) && { customerKey: `customer-${Math.floor(random() * 12)}` }),
      ...(chance(0.6) && { touchpoint: pick(['checkout', 'app', 'hotline']) }),
      ...(chance(0.6) && { journeyStage: pick(journeyStages) }),
      ...(chance(0.5) && { location: pick(['Berlin', 'Köln', '=cmd|x']) }),
      ...(chance(0.5) && { product: pick(['phone', 'tablet']) }),
      ...(chance(0.4) && { segments: pick([['vip'], ['vip', 'new'], []]) }),
      ...(chance(0.4) && { rating: { value: 1 + Math.floor(random() * 5), scale: 5 } }),
      ...(chance(0.4) && {
        survey: pick([
          { metric: 'nps', score: Math.floor(random() * 11), scale: 10 },
          { metric: 'csat', score: 1 + Math.floor(random() * 5), scale: 5 },
          { metric: 'ces', score: 1 + Math.floor(random() * 7), scale: 7 },
        ] as const),
      }),
    });
    const one = (revision: number, tagRevision: number, routeRevision: number): FeedbackRouted =>
      routedOf(externalId, {
        ...{ content: content(revision), tagRevision, routeRevision, team: pick(['support', 'billing']) },
        sentiment: pick(['negative', 'neutral', 'positive', 'mixed'] as const),
        topics: pick([[], ['billing/refund'], ['billing/refund', 'delivery'], ['delivery']]),
      });
    events.push({ routed: one(1, 1, 1) });
    if (chance(0.3)) events.push({ routed: one(2, 1, 1) });
    if (chance(0.2)) events.push({ routed: one(1, 2, 1) }, { routed: one(1, 2, 2) });
    if (chance(0.15)) {
      events.push({
        routed: routedOf(externalId, { content: { revision: 3, receivedAt: iso(at + day) }, deleted: true }),
      });
    }
    if (chance(0.6)) events.push(...aLoop(externalId, at + 2_000, random).map((changed) => ({ changed })));
  }
  return events;
}

function aLoop(externalId: string, openedAt: number, random: () => number): LoopChanged[] {
  const chance = (share: number): boolean => random() < share;
  const hour = 3_600_000;
  const startedAt = new Date(openedAt - 1_000).toISOString();
  const withClocks = chance(0.7);
  const steps: StepGiven[] = [];
  let at = openedAt;
  let cycle = 1;
  const step = (change: LoopChange, state: LoopState, more: Partial<StepGiven> = {}): void => {
    const elapsed = at - openedAt + 1_000;
    const answered = ['responded', 'resolved', 'verified', 'closed-unverified'].includes(state);
    const done = ['resolved', 'verified', 'closed-unverified'].includes(state);
    const clock = (kept: boolean) => ({
      ...{ running: !kept, customerMs: elapsed, businessMs: Math.floor(elapsed / 3) },
      ...(kept && { customerMet: elapsed < 24 * hour, businessMet: elapsed < 72 * hour }),
    });
    steps.push({
      ...{ change, state, at: new Date(at).toISOString(), cycle },
      ...(withClocks && { clocks: { startedAt, firstResponse: clock(answered), resolution: clock(done) } }),
      ...more,
    });
    at += hour * (0.5 + random() * 40);
  };
  step('opened', 'opened');
  if (chance(0.15)) return finished('dismissed');
  if (chance(0.1)) return finished('withdrawn');
  if (chance(0.2)) step('noted', 'opened', { note: 'warned' });
  if (chance(0.8)) {
    step('acknowledged', 'acknowledged', { owner: 'ann' });
    if (chance(0.8)) {
      step('responded', 'responded', { owner: 'ann' });
      if (chance(0.15)) step('noted', 'acknowledged', { note: 'reply-failed', owner: 'ann' });
      if (chance(0.2)) step('assigned', 'responded', { team: 'billing' });
      if (chance(0.8)) {
        step('resolved', 'resolved');
        if (chance(0.3)) step('confirmed', 'verified');
        else if (chance(0.4)) step('expired', 'closed-unverified');
        else if (chance(0.5)) {
          cycle = 2;
          step('objected', 'reopened');
          if (chance(0.5)) step('responded', 'responded');
        }
      }
    }
  }
  return loopOf(externalId, steps);

  function finished(state: 'dismissed' | 'withdrawn'): LoopChanged[] {
    step(state, state);
    return loopOf(externalId, steps);
  }
}
