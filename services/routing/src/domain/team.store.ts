import type { Actor } from './actor.js';

export interface Team {
  name: string;
  displayName: string;
  createdAt: Date;
  createdBy: string;
}

/** Why a team stays. */
export class TeamInUseError extends Error {}

/** Where teams are kept. `triage` is always among them. */
export abstract class TeamStore {
  /** In the order of their names. */
  abstract all(): Promise<Team[]>;
  /** undefined where a team of that name is there already. */
  abstract create(team: { name: string; displayName: string }, by: Actor): Promise<Team | undefined>;
  /**
   * False where there is no such team.
   * @throws TeamInUseError for triage, and for a team that the active rules name
   */
  abstract remove(name: string, by: Actor): Promise<boolean>;
}
