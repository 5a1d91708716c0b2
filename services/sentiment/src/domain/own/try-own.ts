import type { Feedback, SentimentLabel, Tags } from '@closeloop/contracts';
import { pairedTest, significance, type PairedTest } from '../learning/paired-test.js';
import { labelOfThree } from '../sentiment/sentiment-of-shares.js';
import { isHeldBack, type Lesson, type RatedLesson } from './lesson.js';
import { tryOrdinary, type OrdinaryText, type OrdinaryTrial } from './ordinary.js';
import { noIntent, ownPartNames, type OwnModel, type OwnPartName, type OwnParts } from './own-model.js';

/** A part that was learned, against the one that is active, on what neither has learned from. */
export interface Trial {
  /** Corrections that were held back */
  readonly heldBack: PairedTest;
  /** Rated feedback that was held back, judged without its stars; of sentiment only */
  readonly rated?: PairedTest;
  /** Texts of no company in particular, against what ships */
  readonly ordinary: OrdinaryTrial;
  /** Surely right more often on the corrections, not surely less often on what was rated, and nearly as often on ordinary texts */
  readonly better: boolean;
}

/** What came of trying a candidate: the parts that are to be, those that were learned and are better among them. */
export interface Trials {
  readonly parts: OwnParts;
  readonly trials: Readonly<Partial<Record<OwnPartName, Trial>>>;
  readonly better: boolean;
}

/** Tags a feedback as a model would. */
export type TagWith = (own: OwnParts | undefined) => (lesson: { feedback: Feedback; language: string }) => Tags;

type Pair = readonly [before: boolean, after: boolean];

const topicsOf = (topics: readonly { readonly name: string }[] | undefined): string =>
  (topics ?? [])
    .map(({ name }) => name)
    .sort()
    .join();

/** Whether a person has said anything of it. Three classes are judged: mixed is none of them. */
const isAsked: Readonly<Record<OwnPartName, (said: Lesson['said']) => boolean>> = {
  sentiment: ({ sentiment }) => sentiment !== undefined && sentiment !== 'mixed',
  intents: ({ intent }) => intent !== undefined,
  topics: ({ topics }) => topics !== undefined,
};

const isRight: Readonly<Record<OwnPartName, (tags: Tags, said: Lesson['said']) => boolean>> = {
  sentiment: (tags, { sentiment }) => isSaid(tags, sentiment!),
  intents: ({ intent }, said) => (intent?.name ?? noIntent) === (said.intent ?? noIntent),
  topics: ({ topics }, said) => topicsOf(topics) === topicsOf(said.topics),
};

const isSaid = ({ sentiment }: Tags, label: SentimentLabel): boolean =>
  sentiment !== undefined && labelOfThree(sentiment) === label;

const isSurelyWorse = (pairs: readonly Pair[]): boolean =>
  pairedTest(pairs.map(([before, after]) => [after, before])).p < significance;

/**
 * Each part that was learned takes the active one's place where it is surely better on corrections that were held back (paired sign
 * test). Corrections are of what was wrong, and may be of one kind: what merely says otherwise, or forgets everything else, would be better
 * on them alone. So sentiment has to bear what was rated, and each part what is ordinary.
 * @param active undefined: what ships alone
 */
export function tryOwn(
  active: OwnModel | undefined,
  learned: OwnParts,
  lessons: readonly Lesson[],
  rated: readonly RatedLesson[],
  ordinary: readonly OrdinaryText[],
  tagWith: TagWith,
): Trials {
  const judged = lessons.filter(({ feedback }) => isHeldBack(feedback));
  const stars = rated.filter(({ feedback }) => isHeldBack(feedback));
  const trials: Partial<Record<OwnPartName, Trial>> = {};
  let parts: OwnParts = partsIn(active);
  const before = tagWith(active);
  const shipped = tagWith(undefined);
  const english = (tag: ReturnType<TagWith>) => (feedback: Feedback) => tag({ feedback, language: 'en' });
  for (const name of ownPartNames) {
    if (learned[name] === undefined) continue;
    const after = tagWith({ ...partsIn(active), [name]: learned[name] });
    const pairs = judged
      .filter(({ said }) => isAsked[name](said))
      .map((lesson): Pair => [isRight[name](before(lesson), lesson.said), isRight[name](after(lesson), lesson.said)]);
    const heldBack = pairedTest(pairs);
    const borne = tryOrdinary(name, ordinary, english(shipped), english(after));
    const isBetter = heldBack.p < significance && borne.borne;
    if (name !== 'sentiment') {
      trials[name] = { heldBack, ordinary: borne, better: isBetter };
    } else {
      const ratedPairs = stars.flatMap(({ label, ...lesson }): Pair[] => {
        const { rating: _rating, survey: _survey, ...feedback } = lesson.feedback;
        const bare = { ...lesson, feedback };
        return label === 'mixed' ? [] : [[isSaid(before(bare), label), isSaid(after(bare), label)]];
      });
      const better = isBetter && !isSurelyWorse(ratedPairs);
      trials[name] = { heldBack, rated: pairedTest(ratedPairs), ordinary: borne, better };
    }
    if (trials[name]!.better) parts = { ...parts, [name]: learned[name] };
  }
  return { parts, trials, better: Object.values(trials).some(({ better }) => better) };
}

const partsIn = (own: OwnModel | undefined): OwnParts => ({
  ...(own?.sentiment && { sentiment: own.sentiment }),
  ...(own?.intents && { intents: own.intents }),
  ...(own?.topics && { topics: own.topics }),
});
