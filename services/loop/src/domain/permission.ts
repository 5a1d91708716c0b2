import { type CommandType } from './loop.js';

export type Role = 'agent' | 'manager' | 'admin';

/** Somebody who is signed in. */
export interface Person {
  readonly subject: string;
  readonly roles: readonly Role[];
  readonly teams: readonly string[];
}

/** Commands that people give; all others come from customers, sources and clocks. */
export const peoplesCommands = [
  'acknowledge',
  'respond',
  'wait',
  'resume',
  'resolve',
  'reopen',
  'dismiss',
  'split',
  'assign',
  'escalate',
  'set-priority',
] as const satisfies readonly CommandType[];
export type PeoplesCommand = (typeof peoplesCommands)[number];

/** The teams whose loops somebody may read; undefined: all of them. */
export function readableTeams({ roles, teams }: Person): readonly string[] | undefined {
  return roles.includes('admin') || roles.includes('manager') ? undefined : roles.includes('agent') ? teams : [];
}

/** A loop as far as it decides who may do what with it. */
interface Owned {
  readonly team: string;
  readonly owner?: string;
}

/** A loop of a team that somebody may read, or one that is the person's own: escalation hands loops to other teams' people. */
export const mayRead = (person: Person, { team, owner }: Owned): boolean =>
  owner === person.subject || (readableTeams(person)?.includes(team) ?? true);

/**
 * An agent commands the loops of the own teams, who owns a loop commands it, an admin all; a manager moves work between
 * teams, and answers nobody whose loop is not the manager's own.
 */
export function mayCommand({ roles, teams, subject }: Person, loop: Owned, command: PeoplesCommand): boolean {
  if (roles.includes('admin') || loop.owner === subject) return true;
  if (roles.includes('agent') && teams.includes(loop.team)) return true;
  return roles.includes('manager') && (command === 'assign' || command === 'set-priority');
}

/** What a team says in its own name is a rule: managers and admins write it. */
export const mayWriteTemplates = ({ roles }: Person): boolean => roles.includes('manager') || roles.includes('admin');
