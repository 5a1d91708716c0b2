export const insightStates = ['raised', 'accepted', 'improving', 'improved', 'merged', 'declined'] as const;

export interface Insight {
  readonly insightId: string;
  readonly version: number;
  readonly state: string;
  readonly title: string;
  readonly claim: string;
  readonly topic?: string | null;
  readonly touchpoint?: string | null;
  readonly journeyStage?: string | null;
  readonly location?: string | null;
  readonly product?: string | null;
  readonly team: string | null;
  readonly raisedBy: { readonly kind: 'agent' | 'system'; readonly id: string };
  readonly raisedAt: string;
  readonly loopIds?: readonly string[];
  readonly feedbackIds?: readonly string[];
  readonly into?: string | null;
  readonly improvementId?: string | null;
  readonly reason?: string | null;
  readonly note?: string | null;
  readonly history?: readonly InsightStep[];
}

interface InsightStep {
  readonly at: string;
  readonly change: string;
  readonly actor?: { readonly kind: string; readonly id?: string };
  readonly reason?: string | null;
  readonly note?: string | null;
}

/** What an insight speaks of, as label and value, in the order that people look for it. */
export const aboutOf = (
  insight: Pick<Insight, 'topic' | 'touchpoint' | 'journeyStage' | 'location' | 'product'>,
): readonly (readonly [dimension: string, value: string])[] =>
  (['topic', 'touchpoint', 'journeyStage', 'location', 'product'] as const).flatMap((dimension) => {
    const value = insight[dimension];
    return value ? [[dimension, value] as const] : [];
  });

export type InsightAnswer = 'accept' | 'merge' | 'decline' | 'improve' | 'assign';

/** What can be done with an insight as it stands; what is answered is answered. */
export function answersTo(state: string): readonly InsightAnswer[] {
  switch (state) {
    case 'raised':
      return ['accept', 'improve', 'merge', 'decline', 'assign'];
    case 'accepted':
      return ['improve', 'merge', 'decline', 'assign'];
    default:
      return [];
  }
}

/** Ids that somebody has pasted, by commas, blanks or lines. */
export const idsIn = (text: string): readonly string[] => [
  ...new Set(
    text
      .split(/[\s,;]+/)
      .filter((id) => id !== '')
      .map((id) => id.toLowerCase()),
  ),
];
