import { type Effect } from '../application/read-outer-loop.handler.js';
import { type Insight, type InsightEvent } from '../domain/insight.js';
import { type ShownImprovement } from '../domain/outer-loop-store.js';

export function insightView({ about, evidence, ...insight }: Insight) {
  const { loopIds, feedbackIds, since } = evidence;
  return {
    ...insight,
    ...about,
    ...{ loopIds, feedbackIds },
    evidence: { loops: loopIds.length, feedback: feedbackIds.length, ...(since && { since }) },
  };
}

/** What an event says besides what the insight shows. */
export function eventView(event: InsightEvent) {
  if (event.change === 'raised') {
    const { change, version, at, actor, team } = event;
    return { change, version, at, actor, team };
  }
  if (event.change === 'evidence-added') {
    const { evidence, ...shown } = event;
    return { ...shown, loops: evidence.loopIds.length, feedback: evidence.feedbackIds.length };
  }
  return event;
}

export const improvementView = ({
  improvement,
  loops,
  insights,
  told,
  effect,
}: ShownImprovement & { readonly effect?: Effect }) => ({
  ...improvement,
  ...{ loops, insightIds: insights, told },
  ...(effect && { effect }),
});
