import type { Feedback, Sentiment } from '@closeloop/contracts';
import type { Shares } from './judge-sentiment.js';

/**
 * Stars are a weak label: people give three for a complaint as for praise. Cautious guesses, not fitted, as no set that may
 * train has ratings; README compares them with one that may only evaluate.
 */
const confidenceAtTheEnds = 0.65;
const confidenceBetween = 0.55;
const confidenceOfNeutral = 0.4;

const labelOf = (share: number, negativeUpTo: number, positiveFrom: number): 'negative' | 'neutral' | 'positive' =>
  share <= negativeUpTo ? 'negative' : share >= positiveFrom ? 'positive' : 'neutral';

const judge = (value: number, lowest: number, scale: number, negativeUpTo: number, positiveFrom: number): Sentiment => {
  const label = labelOf(value / scale, negativeUpTo, positiveFrom);
  const score = scale > lowest ? ((value - lowest) / (scale - lowest)) * 2 - 1 : 0;
  return {
    label,
    score: Math.round(Math.max(-1, Math.min(1, score)) * 1000) / 1000,
    confidence:
      label === 'neutral' ? confidenceOfNeutral : Math.abs(score) >= 1 ? confidenceAtTheEnds : confidenceBetween,
  };
};

/**
 * What the stars or the answer to a survey say; undefined where there are none. Stars 4-5 of 5 are positive, 3 neutral; NPS 9-10
 * positive, 7-8 neutral; CSAT as stars; CES 5-7 of 7 positive, 4 neutral.
 */
export function sentimentOfRating({ rating, survey }: Pick<Feedback, 'rating' | 'survey'>): Sentiment | undefined {
  // A thumb is 0 or 1 of 1; stars start at 1
  if (rating) return judge(rating.value, rating.scale > 1 ? 1 : 0, rating.scale, 0.45, 0.7);
  if (survey?.metric === 'nps') return judge(survey.score, 0, survey.scale, 0.6, 0.9);
  if (survey) return judge(survey.score, 1, survey.scale, 0.45, 0.7);
  return undefined;
}

/**
 * The same as shares of negative, neutral and positive: what a text without a word of its own would most likely be, with what its confidence
 * leaves given to the neighbours.
 */
export function ratingShares(feedback: Pick<Feedback, 'rating' | 'survey'>): Shares | undefined {
  const judged = sentimentOfRating(feedback);
  if (!judged) return undefined;
  const { label, confidence } = judged;
  const rest = 1 - confidence;
  if (label === 'neutral') return [rest / 2, confidence, rest / 2];
  const [near, far] = [rest * 0.75, rest * 0.25];
  return label === 'negative' ? [confidence, near, far] : [far, near, confidence];
}

/** Whether text and stars disagree; undefined where there are no stars. */
export function isContradicted(
  { label }: Pick<Sentiment, 'label'>,
  feedback: Pick<Feedback, 'rating' | 'survey'>,
): boolean | undefined {
  const rated = sentimentOfRating(feedback)?.label;
  if (rated === undefined) return undefined;
  return (label === 'negative' && rated === 'positive') || (label === 'positive' && rated === 'negative');
}
