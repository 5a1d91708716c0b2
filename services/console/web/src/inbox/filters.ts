import { type Asking } from '../api/client.js';
import { loopStates, openStates, priorities, type LoopState, type Priority } from '../api/loops.js';

/** `open`: not closed; `todo`: what waits for the team; `all`: closed ones too */
export const stateChoices = ['todo', 'open', ...loopStates, 'all'] as const;
export type StateChoice = (typeof stateChoices)[number];

export const sorts = ['due', 'newest'] as const;
export type Sort = (typeof sorts)[number];

/** What the list shows: all of it stands in the address, so that it can be sent to somebody else. */
export interface InboxFilters {
  readonly state: StateChoice;
  readonly team?: string;
  readonly priority?: Priority;
  /** `me`, or the subject of somebody */
  readonly owner?: string;
  /** A limit has passed */
  readonly overdue: boolean;
  readonly sort: Sort;
  /** Words of the feedback */
  readonly q?: string;
}

export const usualFilters: InboxFilters = { state: 'open', overdue: false, sort: 'due' };

const oneOf = <T extends string>(known: readonly T[], value: string | null): T | undefined =>
  known.find((one) => one === value);

/** What nobody has set, or what no filter takes, is as usual. */
export function readFilters(search: URLSearchParams): InboxFilters {
  const text = (name: string) => search.get(name)?.trim() || undefined;
  const [team, owner, q] = [text('team'), text('owner'), text('q')];
  const priority = oneOf(priorities, search.get('priority'));
  return {
    state: oneOf(stateChoices, search.get('state')) ?? usualFilters.state,
    sort: oneOf(sorts, search.get('sort')) ?? usualFilters.sort,
    overdue: search.get('overdue') === 'true',
    ...(team !== undefined && { team }),
    ...(priority && { priority }),
    ...(owner !== undefined && { owner }),
    ...(q !== undefined && { q }),
  };
}

/** Only what is not as usual, always in the same order. */
export function writeFilters(filters: InboxFilters): URLSearchParams {
  const search = new URLSearchParams();
  for (const name of ['state', 'team', 'priority', 'owner', 'overdue', 'sort', 'q'] as const) {
    const value = filters[name];
    if (value !== undefined && value !== '' && value !== usualFilters[name]) search.set(name, String(value));
  }
  return search;
}

const todo: readonly LoopState[] = ['opened', 'reopened', 'acknowledged'];

/** States that the choice stands for; undefined: all of them. */
function statesOf(choice: StateChoice): readonly LoopState[] | undefined {
  switch (choice) {
    case 'all':
      return undefined;
    case 'open':
      return openStates;
    case 'todo':
      return todo;
    default:
      return [choice];
  }
}

/** As the loop service is asked. */
export function queryOf(filters: InboxFilters, subject: string): NonNullable<Asking['query']> {
  const { state, team, priority, owner, overdue, sort, q } = filters;
  return {
    ...{ state: statesOf(state)?.join(','), team, priority, q },
    owner: owner === 'me' ? subject : owner,
    ...(overdue && { overdue: true }),
    // what is closed is due no more
    sort: sort === 'due' && statesOf(state)?.every((one) => openStates.includes(one)) ? 'due' : 'newest',
  };
}

/** Whether a loop that has moved still belongs to what is shown, as far as a step of it says. */
export function stillShown(filters: InboxFilters, { state, team }: { state: LoopState; team: string }): boolean {
  return (statesOf(filters.state)?.includes(state) ?? true) && (filters.team === undefined || filters.team === team);
}
