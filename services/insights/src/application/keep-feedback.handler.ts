import { customerKeyOf, deriveId, type Feedback, type FeedbackRouted } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { CountSums } from '../domain/cube.js';
import { type Vocabulary } from '../domain/dimension.js';
import {
  comparePositions,
  sentimentCodeOf,
  type FeedbackFact,
  type Position,
  type Score,
} from '../domain/feedback-fact.js';
import { fcrOf } from '../domain/loop-fact.js';
import {
  Dictionary,
  ModelStore,
  type FeedbackWords,
  type ModelTransaction,
  type StandingLoop,
} from '../domain/model-store.js';

/** Characters of a text that are shown beside a number */
const excerptLength = 280;
/** Points are kept in thousandths. */
const thousandths = (points: number): number => Math.round(points * 1_000);

type NumberOf = Awaited<ReturnType<Dictionary['numbersOf']>>;

/** Keeps what is counted of routed feedback: of each the latest revision, whatever came first. */
@Injectable()
export class KeepFeedback {
  constructor(
    private readonly store: ModelStore,
    private readonly dictionary: Dictionary,
  ) {}

  /** @param rebuild of which rebuild these were sent again for */
  async handle(batch: readonly FeedbackRouted[], transaction: object, rebuild?: string): Promise<void> {
    const latest = new Map<string, FeedbackRouted>();
    for (const event of batch) {
      const known = latest.get(event.feedback.feedbackId);
      if (!known || comparePositions(positionOf(event), positionOf(known)) > 0) {
        latest.set(event.feedback.feedbackId, event);
      }
    }
    const events = [...latest.values()].sort((a, b) => (a.feedback.feedbackId < b.feedback.feedbackId ? -1 : 1));
    if (events.length === 0) return;
    const models = await this.store.within(transaction, rebuild);
    if (models.length === 0) return;
    const numberOf = await this.dictionary.numbersOf(vocabularyOf(events));
    const facts = events.map((event) => factOf(event, numberOf));
    const words = new Map(events.map((event) => [event.feedback.feedbackId, event]));
    for (const model of models) await this.keep(model, facts, (fact) => wordsOf(words.get(fact.feedbackId)!));
  }

  private async keep(
    model: ModelTransaction,
    given: readonly FeedbackFact[],
    wordsOfFact: (fact: FeedbackFact) => FeedbackWords,
  ): Promise<void> {
    const before = await model.feedback(given.map(({ feedbackId }) => feedbackId));
    const facts = given.filter((fact) => {
      const known = before.get(fact.feedbackId);
      return !known || comparePositions(fact, known) > 0;
    });
    if (facts.length === 0) return;
    await model.saveFeedback(facts, facts.filter(({ deleted }) => !deleted).map(wordsOfFact));
    const after = new Map(facts.map((fact) => [fact.feedbackId, fact]));
    const known = facts.flatMap(({ feedbackId }) => before.get(feedbackId) ?? []);
    const sums = new CountSums();
    for (const fact of known) sums.addFeedback(fact, -1);
    for (const fact of facts) sums.addFeedback(fact, 1);
    await this.recount(model, [...known, ...facts], before, after, sums);
    await model.addCounts(sums.counts());
  }

  /** Loops that the feedback opened are counted by what it says; those that its customer may have come back to, by that. */
  private async recount(
    model: ModelTransaction,
    facts: readonly FeedbackFact[],
    before: ReadonlyMap<string, FeedbackFact>,
    after: ReadonlyMap<string, FeedbackFact>,
    sums: CountSums,
  ): Promise<void> {
    const loops = await model.loopsAround(facts);
    if (loops.length === 0) return;
    const others = await model.feedback(loops.map(({ openedBy }) => openedBy).filter((id) => !after.has(id)));
    const returns = await model.returns(loops);
    const changed: Pick<StandingLoop, 'loopId' | 'marks'>[] = [];
    for (const loop of loops) {
      const fcr = fcrOf(loop, returns.get(loop.loopId) ?? 'unknown');
      const marks = [...loop.marks.filter(({ measure }) => measure !== 'fcr'), ...(fcr ? [fcr] : [])];
      const opener = others.get(loop.openedBy);
      sums.addLoop(loop, loop.marks, opener ?? before.get(loop.openedBy), -1);
      sums.addLoop(loop, marks, opener ?? after.get(loop.openedBy), 1);
      changed.push({ loopId: loop.loopId, marks });
    }
    await model.saveMarks(changed);
  }
}

const positionOf = ({ feedback, tagRevision, routeRevision }: FeedbackRouted): Position => ({
  ...{ revision: feedback.revision, tagRevision, routeRevision },
});

const isGone = ({ feedback, tags, route }: FeedbackRouted): boolean =>
  feedback.kind === 'deleted' || tags === null || route === null;

/** What of an event is said in words of the dictionary. Absent members may be null on the wire. */
function said({
  feedback,
  tags,
  route,
}: FeedbackRouted): readonly (readonly [Vocabulary, string | null | undefined])[] {
  const { channel, source, touchpoint, journeyStage, location, product, survey, segments } = feedback;
  return [
    ...([
      ['channel', channel],
      ['source', source],
      ['touchpoint', touchpoint],
      ['journeyStage', journeyStage],
      ['location', location],
      ['product', product],
      ['team', route?.team],
      ['language', languageOf(tags?.language.tag)],
    ] as const),
    ...(survey ? [['question', questionOf(feedback)] as const] : []),
    ...(segments ?? []).map((segment) => ['segment', segment] as const),
    ...(tags?.topics ?? []).map(({ name }) => ['topic', name] as const),
  ];
}

function vocabularyOf(events: readonly FeedbackRouted[]): Map<Vocabulary, Set<string>> {
  const words = new Map<Vocabulary, Set<string>>();
  for (const event of events) {
    if (isGone(event)) continue;
    for (const [vocabulary, value] of said(event)) {
      if (value == null || value === '') continue;
      const known = words.get(vocabulary);
      if (known) known.add(value);
      else words.set(vocabulary, new Set([value]));
    }
  }
  return words;
}

const languageOf = (tag: string | undefined): string | undefined => (tag === 'und' ? undefined : tag);

const maxQuestion = 300;
/** What was asked: surveys that ask the same have one name for it, else the source's. */
function questionOf({ attributes, source }: Feedback): string {
  const question = attributes?.['question'];
  return typeof question === 'string' && question !== '' ? cut(question, maxQuestion) : source;
}

function factOf(event: FeedbackRouted, numberOf: NumberOf): FeedbackFact {
  const { feedback, tags, route } = event;
  const times = {
    receivedAt: new Date(feedback.receivedAt),
    at: new Date(feedback.occurredAt ?? feedback.receivedAt),
  };
  const base = { feedbackId: feedback.feedbackId, ...positionOf(event), ...times };
  if (isGone(event)) return { ...base, deleted: true, ...nothing };
  const whole = sentimentCodeOf(tags?.sentiment?.label);
  const topics = new Map(
    (tags?.topics ?? []).map(({ name, sentiment }) => [
      numberOf('topic', name),
      sentiment ? sentimentCodeOf(sentiment.label) : whole,
    ]),
  );
  const { rating, survey } = feedback;
  const customer = customerOf(feedback);
  return {
    ...{ ...base, deleted: false },
    source: numberOf('source', feedback.source),
    channel: numberOf('channel', feedback.channel),
    touchpoint: numberOf('touchpoint', feedback.touchpoint),
    journeyStage: numberOf('journeyStage', feedback.journeyStage),
    location: numberOf('location', feedback.location),
    product: numberOf('product', feedback.product),
    team: numberOf('team', route?.team),
    language: numberOf('language', languageOf(tags?.language.tag)),
    segments: [...new Set((feedback.segments ?? []).map((segment) => numberOf('segment', segment)))].filter(Boolean),
    topics: [...topics.keys()],
    topicSentiments: [...topics.values()],
    sentiment: whole,
    leaving: tags?.intent?.name === 'churn-threat',
    ...(customer !== undefined && { customer }),
    ...(rating && { rating: scoreOf(rating.value, rating.scale) }),
    ...(survey && {
      survey: {
        ...scoreOf(survey.score, survey.scale),
        ...{ metric: survey.metric, question: numberOf('question', questionOf(feedback)) },
      },
    }),
  };
}

const scoreOf = (points: number, scale: number): Score => ({ score: thousandths(points), scale: thousandths(scale) });

const nothing = {
  ...{ source: 0, channel: 0, touchpoint: 0, journeyStage: 0, location: 0, product: 0, team: 0, language: 0 },
  ...{ segments: [], topics: [], topicSentiments: [], sentiment: 0, leaving: false },
};

/** The customer as the loop service knows one, too: derived, since a key may be an address or a number and is not to be read back. */
function customerOf({ source, author, customerKey }: Feedback): string | undefined {
  const authorId = author?.externalId ?? undefined;
  const key = customerKey ?? (authorId === undefined ? undefined : customerKeyOf(source, authorId));
  return key === undefined ? undefined : deriveId('customer', key);
}

function wordsOf({ feedback }: FeedbackRouted): FeedbackWords {
  const { title, text, attributes } = feedback;
  const whole = [title, text].filter((part) => part != null && part.trim() !== '').join(': ');
  const order = attributes && orderOf(attributes);
  return { feedbackId: feedback.feedbackId, excerpt: excerptOf(whole), ...(order && { order }) };
}

const excerptOf = (text: string): string => (text.length <= excerptLength ? text : `${cut(text, excerptLength)}…`);

/** Never within a character */
const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');

/** What attributes tell of an order: `orderId`, `orderValue`, `orderCurrency`. */
function orderOf(attributes: Record<string, string | number | boolean>): FeedbackWords['order'] {
  const { orderId: id, orderValue: value, orderCurrency: currency } = attributes;
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (id === undefined && amount === undefined) return undefined;
  return {
    ...(id !== undefined && { id: String(id) }),
    ...(typeof amount === 'number' && Number.isFinite(amount) && { value: amount }),
    ...(typeof currency === 'string' && { currency }),
  };
}
