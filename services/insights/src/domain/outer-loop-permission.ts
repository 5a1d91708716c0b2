import { type Insight } from './insight.js';

/** Somebody who is signed in. */
export interface Person {
  readonly subject: string;
  readonly roles: readonly ('agent' | 'manager' | 'admin')[];
  readonly teams: readonly string[];
}

export const seesAll = ({ roles }: Pick<Person, 'roles'>): boolean =>
  roles.includes('manager') || roles.includes('admin');

/** Those who raised it, the team in which it was noticed, and the team that is to answer it; managers and admins all. */
export const mayReadInsight = (person: Person, { team, raisedBy }: Pick<Insight, 'team' | 'raisedBy'>): boolean =>
  seesAll(person) ||
  person.teams.includes(team) ||
  (raisedBy.team !== undefined && person.teams.includes(raisedBy.team)) ||
  (raisedBy.kind === 'agent' && raisedBy.id === person.subject);

/** The team that owns what it is about; managers and admins all. */
export const mayAnswer = (person: Person, { team }: { readonly team: string }): boolean =>
  seesAll(person) || person.teams.includes(team);

/** Who sees to an improvement, and the owner's team; managers and admins all. */
export const maySeeTo = (person: Person, { team, owner }: { readonly team: string; readonly owner: string }): boolean =>
  mayAnswer(person, { team }) || owner === person.subject;
