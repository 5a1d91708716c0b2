import type { Sentiment } from '@closeloop/contracts';
import { sentimentClasses, type Shares } from './judge-sentiment.js';

/** A text is mixed from here on: so sure it is of something bad and of something good in it. */
const mixedFrom = 0.65;

const three = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * The likeliest label, its share as confidence, and good less bad as score.
 * @param contradiction of its clauses, 0..1
 */
export function sentimentOfShares(shares: Shares, contradiction = 0): Sentiment {
  const score = three(shares[2] - shares[0]);
  if (contradiction >= mixedFrom) return { label: 'mixed', score, confidence: three(contradiction) };
  const most = Math.max(...shares);
  return { label: sentimentClasses[shares.indexOf(most)]!, score, confidence: three(most) };
}

/** Within it a mixed text is neutral, where there are three classes. */
const balanced = 0.1;

/** `mixed` by the sign of its score, as labels of three classes know no such thing. */
export const labelOfThree = ({ label, score }: Sentiment): (typeof sentimentClasses)[number] =>
  label !== 'mixed' ? label : score > balanced ? 'positive' : score < -balanced ? 'negative' : 'neutral';
