import type { Actor } from '../domain/actor.js';
import type { InboxTopics } from '../domain/inbox-topics.js';
import type { Team, TeamStore } from '../domain/team.store.js';

/** Makes a team with the topic of its inbox, so that broker ACLs can guard it before anything is in it. */
export class MakeTeam {
  constructor(
    private readonly teams: TeamStore,
    private readonly inboxes: InboxTopics,
  ) {}

  /** @returns undefined where a team of that name is there already. @throws InboxUnavailableError; no team was made then */
  async handle(team: { name: string; displayName: string }, by: Actor): Promise<Team | undefined> {
    if ((await this.teams.all()).some(({ name }) => name === team.name)) return undefined;
    await this.inboxes.make([team.name]);
    return this.teams.create(team, by);
  }
}
