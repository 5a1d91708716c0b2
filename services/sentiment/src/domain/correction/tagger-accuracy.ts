import type { Tags } from '@closeloop/contracts';
import type { TagCorrection } from './correct-tags.js';

/** A part of the tags, and whether the tagger had it as the person says. */
export type JudgedParts = Readonly<Partial<Record<keyof TagCorrection, boolean>>>;

const same = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());

/** Of each part that a person speaks of: whether the tagger had it right. Of topics and emotions the whole list counts, by names. */
export function judgedBy(said: TagCorrection, tags: Tags): JudgedParts {
  const { language, sentiment, emotions, topics, intent, urgency, spamOrEmpty } = said;
  const names = (list: readonly { readonly name: string }[] | undefined) => list?.map(({ name }) => name) ?? [];
  return {
    ...(language !== undefined && { language: language === tags.language.tag }),
    ...(sentiment !== undefined && { sentiment: sentiment === tags.sentiment?.label }),
    ...(emotions !== undefined && { emotions: same(emotions, names(tags.emotions)) }),
    ...(topics !== undefined && { topics: same(names(topics), names(tags.topics)) }),
    ...(intent !== undefined && { intent: intent === (tags.intent?.name ?? null) }),
    ...(urgency !== undefined && { urgency: urgency === tags.urgency?.level }),
    ...(spamOrEmpty !== undefined && { spamOrEmpty: spamOrEmpty === (tags.spamOrEmpty ?? false) }),
  };
}

export interface Accuracy {
  readonly n: number;
  readonly right: number;
  /** Share 0..1 */
  readonly value: number;
  /** 95 % interval by Wilson's score */
  readonly interval: readonly [number, number];
}

/** The normal distribution's .975 quantile */
const z = 1.959963984540054;

/** A share with Wilson's score interval (E. B. Wilson, JASA 22, 1927). @param n at least 1 */
export function accuracyOf(right: number, n: number): Accuracy {
  const value = right / n;
  const centre = value + z ** 2 / (2 * n);
  const reach = z * Math.sqrt((value * (1 - value)) / n + z ** 2 / (4 * n ** 2));
  const whole = 1 + z ** 2 / n;
  return { n, right, value, interval: [Math.max(0, (centre - reach) / whole), Math.min(1, (centre + reach) / whole)] };
}
