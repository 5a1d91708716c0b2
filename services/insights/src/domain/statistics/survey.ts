import { meanOf } from './mean.js';
import { nps } from './nps.js';
import { wilson } from './wilson.js';
import { total, type Counted, type Estimate } from './estimate.js';

/**
 * Scores of one question on one scale. Answers to different questions, or on different scales, are different figures: they are never
 * added up, so each of these takes one scale's scores only.
 */
export interface SurveyScores {
  /** Where the scale ends: 10 for NPS, 5 for CSAT, 7 for CES */
  readonly scale: number;
  readonly scores: Counted;
}

/** The kinds of answer to "how likely are you to recommend us?", 0..10 (F. Reichheld, HBR 12/2003) */
export type NpsKind = 'promoter' | 'passive' | 'detractor';

export const npsKindOf = (score: number): NpsKind => {
  if (score >= 9) return 'promoter';
  return score > 6 ? 'passive' : 'detractor';
};

const countWhere = (scores: Counted, kept: (score: number) => boolean): number =>
  total(scores.filter(([score]) => kept(score)));

/** NPS in points; null on any scale but 0..10, on which alone the kinds are defined. */
export function npsOf({ scale, scores }: SurveyScores): Estimate | null {
  if (scale !== 10) return null;
  const [promoters, passives, detractors] = (['promoter', 'passive', 'detractor'] as const).map((kind) =>
    countWhere(scores, (score) => npsKindOf(score) === kind),
  );
  return nps(promoters!, passives!, detractors!);
}

/** From this score on a customer counts as satisfied: the top two boxes of five. */
export const satisfiedFrom = 4;

/** Customer satisfaction: the share 0..1 of 4 and 5 of 5 (top two boxes), Wilson's interval; null on any other scale. */
export function csatOf({ scale, scores }: SurveyScores): Estimate | null {
  return scale === 5 ? topShare(scores, satisfiedFrom) : null;
}

/** Customer effort score (2.0, CEB 2013): the mean of the 7-point scale, 7 the least effort; null on any other scale. */
export function cesOf({ scale, scores }: SurveyScores): Estimate | null {
  return scale === 7 ? meanOf(scores) : null;
}

/** The share 0..1 of 5 to 7 of 7, who agree that it was easy; null on any other scale. */
export function cesTopOf({ scale, scores }: SurveyScores): Estimate | null {
  return scale === 7 ? topShare(scores, 5) : null;
}

const topShare = (scores: Counted, from: number): Estimate =>
  wilson(
    countWhere(scores, (score) => score >= from),
    total(scores),
  );
