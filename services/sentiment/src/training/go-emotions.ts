import type { EmotionName } from '@closeloop/contracts';

/** GoEmotions' 28 labels as its paper groups them (Demszky et al. 2020), by number: Ekman's six and neutral. */
const ekman: readonly EmotionName[] = (
  'joy joy anger anger joy joy surprise surprise joy sadness anger disgust sadness joy ' +
  'fear joy sadness joy joy fear joy joy surprise joy sadness sadness surprise neutral'
).split(' ') as EmotionName[];

export const neutralEmotion = 27;

const positive: ReadonlySet<number> = new Set([0, 1, 4, 5, 8, 13, 15, 17, 18, 20, 21, 23]);
const negative: ReadonlySet<number> = new Set([2, 3, 9, 10, 11, 12, 14, 16, 19, 24, 25]);

/** As the paper groups them by sentiment; the rest is ambiguous, or neutral. */
export const isPositiveEmotion = (label: number): boolean => positive.has(label);
export const isNegativeEmotion = (label: number): boolean => negative.has(label);

/** @param label numbers joined by commas, as the data has it. Undefined where one of them is none */
export function ekmanOf(label: string): ReadonlySet<EmotionName> | undefined {
  const names = label.split(',').map((number) => (/^\d+$/.test(number) ? ekman[Number(number)] : undefined));
  return names.includes(undefined) ? undefined : new Set(names as EmotionName[]);
}
