import { type InsightChanged, type InsightRaised, type TeamInbox } from '@closeloop/contracts';

/** An insight as a team hears of it: the one that is to answer it when it is raised, the one that raised it of what became of it. */
export type ToldInsight =
  (InsightRaised & { readonly version: 1; readonly change: 'raised'; readonly state: 'raised' }) | InsightChanged;

/** What an endpoint is told: a step of a loop, or of an insight. */
export type Told = TeamInbox | ToldInsight;

export const isInsight = (told: Told): told is ToldInsight => 'insightId' in told;

export const raisedInsight = (raised: InsightRaised): ToldInsight => ({
  ...raised,
  ...{ version: 1, change: 'raised', state: 'raised' },
});

/** The team that is to hear of it; undefined: none. */
export function teamToldOf(told: ToldInsight): string | undefined {
  switch (told.change) {
    case 'raised':
    case 'assigned':
      return told.team;
    // nobody asked for it
    case 'evidence-added':
      return undefined;
    default:
      return told.raisedBy.team;
  }
}

/** Keeps what teams are told of insights, and what their endpoints are to hear. */
export abstract class ToldInsightStore {
  /** In the transaction of a Kafka batch; the first that came of a version counts. */
  abstract keep(
    transaction: object,
    told: readonly { readonly team: string; readonly insight: ToldInsight }[],
  ): Promise<void>;
}
