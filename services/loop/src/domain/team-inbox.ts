import {
  inboxEventId,
  teamInbox,
  type Feedback,
  type LoopChanged,
  type Tags,
  type TeamInbox,
} from '@closeloop/contracts';

/** A feedback as it was routed. */
export interface RoutedWords {
  readonly feedback: Feedback;
  readonly tags: Tags | null;
}

/**
 * A step as the inboxes of teams hear of it: that of the team that has the loop after it, and that of the team that it leaves.
 * None for a settlement without a loop. `before`: the team that had it, where that is another
 */
export function inboxEvents(changed: LoopChanged, words: RoutedWords | undefined, before?: string) {
  const { loopId, version, change, note, at, actor, loop } = changed;
  if (!loop) return [];
  const data: TeamInbox = {
    ...{ loopId, version, change, ...(note !== undefined && { note }), at, actor, loop },
    ...(words && { feedback: words.feedback, tags: words.tags }),
  };
  const teams = before === undefined || before === loop.team ? [loop.team] : [loop.team, before];
  return teams.map((team) => ({
    event: teamInbox(team),
    id: inboxEventId(team, loopId, version),
    ...{ subject: loopId, data, time: at },
  }));
}

/** Of a step of a loop. */
export const stepKey = ({ loopId, version }: { readonly loopId: string; readonly version: number }): string =>
  `${loopId}/${version}`;

export type InboxEvent = ReturnType<typeof inboxEvents>[number];
