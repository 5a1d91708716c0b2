import type { Feedback, IntentName, Tags } from '@closeloop/contracts';
import { pairedTest, type PairedTest } from '../learning/paired-test.js';
import { labelOfThree } from '../sentiment/sentiment-of-shares.js';
import type { IntentPack, PlainPack, TopicPack } from '../topics/packs.js';
import { noIntent, type OwnPartName } from './own-model.js';

/**
 * A text of no company in particular. Who has taught a model one kind of feedback may have it forget all others, and corrections that are
 * of that kind do not show it.
 */
export interface OrdinaryText {
  readonly text: string;
  /** By hand; undefined: as what ships says it, where that is sure */
  readonly label?: 'negative' | 'neutral' | 'positive';
  /** That it speaks of, whether phrases find them or not */
  readonly topics: readonly string[];
  /** What it is for: by its pack, else as what ships says it */
  readonly intent: IntentName | typeof noIntent;
}

/**
 * What plain texts there are, and the examples of the packs.
 * @param shipped tags as what ships does
 */
export function ordinaryTexts(
  plain: PlainPack,
  packs: readonly TopicPack[],
  { intents }: IntentPack,
  shipped: (feedback: Feedback) => Tags,
): OrdinaryText[] {
  const labels = ['negative', 'neutral', 'positive'] as const;
  const texts: (Omit<OrdinaryText, 'intent'> & Partial<Pick<OrdinaryText, 'intent'>>)[] = [
    ...labels.flatMap((label) => plain.texts[label].map((text) => ({ text, label, topics: [] }))),
    ...packs.flatMap((pack) =>
      pack.topics.flatMap(({ name, examples = [] }) => examples.map((text) => ({ text, topics: [name] }))),
    ),
    ...intents.flatMap(({ name, examples = [] }) => examples.map((text) => ({ text, topics: [], intent: name }))),
  ];
  return texts.map(({ intent, ...one }) => ({
    ...one,
    intent: intent ?? shipped({ text: one.text } as Feedback).intent?.name ?? noIntent,
  }));
}

/** So sure is what ships where its word is taken for a text that nobody has labelled. */
const sureFrom = 0.7;
/** At most so many ordinary texts may be judged wrong by a new part that are not by what ships. */
const mostLost = 0.1;

/** Whether tags are right of an ordinary text, by what ships; undefined: nobody knows. */
const isRight: Readonly<Record<OwnPartName, (text: OrdinaryText, shipped: Tags, tags: Tags) => boolean | undefined>> = {
  sentiment({ label }, { sentiment: shipped }, { sentiment }) {
    const sure = shipped && shipped.label !== 'mixed' && shipped.confidence >= sureFrom ? shipped.label : undefined;
    const known = label ?? sure;
    return known && sentiment !== undefined && labelOfThree(sentiment) === known;
  },
  intents: ({ intent }, _shipped, tags) => (tags.intent?.name ?? noIntent) === intent,
  topics({ topics: its }, { topics: shipped = [] }, { topics = [] }) {
    const known = new Set([...its, ...shipped.map(({ name }) => name)]);
    return topics.every(({ name }) => known.has(name));
  },
};

export interface OrdinaryTrial extends PairedTest {
  readonly borne: boolean;
}

/** What a new part makes of ordinary texts, beside what ships. */
export function tryOrdinary(
  part: OwnPartName,
  texts: readonly OrdinaryText[],
  shipped: (feedback: Feedback) => Tags,
  after: (feedback: Feedback) => Tags,
): OrdinaryTrial {
  const pairs = texts.flatMap((text): [boolean, boolean][] => {
    const feedback = { text: text.text } as Feedback;
    const tags = shipped(feedback);
    const before = isRight[part](text, tags, tags);
    return before === undefined ? [] : [[before, isRight[part](text, tags, after(feedback))!]];
  });
  const test = pairedTest(pairs);
  return { ...test, borne: test.rightBefore - test.rightAfter <= mostLost * test.n };
}
