import type { Sentiment } from '@closeloop/contracts';

/**
 * Fitted on the permissive sets (UMSAB English, VADER tweets and Amazon snippets), on the half of their texts whose hash is even;
 * made again by `npm run fit-lexicon -w @closeloop/sentiment -- --data DIR`.
 */
const negativeBelow = 0;
const positiveFrom = 0.3;

/**
 * How often a label is right by |score| (below 0.25, 0.5, 0.75, 1), on the other half of UMSAB English and of GoEmotions,
 * each counted alike: what the lexicon says of texts from elsewhere.
 */
const shareRight = {
  negative: [0.37, 0.38, 0.63, 0.75],
  positive: [0.58, 0.58, 0.72, 0.92],
  neutral: [0.4, 0.41, 0.41, 0.41],
} as const satisfies Record<string, readonly number[]>;
/** Nothing in the text weighed: neutral, for want of anything else to say. */
const shareRightOfNothing = 0.66;

const three = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * The label of a score of the lexicon and how often it is right.
 * @param score -1..1
 * @param weighed whether anything in the text was in the lexicon
 */
export function labelScore(score: number, weighed: boolean): Sentiment {
  if (!weighed) return { label: 'neutral', score: 0, confidence: shareRightOfNothing };
  const label = score < negativeBelow ? 'negative' : score >= positiveFrom ? 'positive' : 'neutral';
  const strength = Math.min(3, Math.floor(Math.abs(score) * 4));
  return { label, score: three(score), confidence: shareRight[label][strength] ?? shareRightOfNothing };
}
