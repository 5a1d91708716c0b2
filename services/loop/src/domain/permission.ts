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

export const mayRead = (person: Person, team: string): boolean => readableTeams(person)?.includes(team) ?? true;

/** An agent commands the loops of the own teams, an admin all; a manager moves work between teams, and answers nobody. */
export function mayCommand({ roles, teams }: Person, team: string, command: PeoplesCommand): boolean {
  if (roles.includes('admin')) return true;
  if (roles.includes('agent') && teams.includes(team)) return true;
  return roles.includes('manager') && (command === 'assign' || command === 'set-priority');
}
