import { type LoopChanged, type TeamInbox } from '@closeloop/contracts';
import { type EntityManager } from 'typeorm';
import { changeOf } from '../domain/loop-changed.js';
import { inboxEvents, stepKey, type RoutedWords } from '../domain/team-inbox.js';
import { archivedRows } from './archive.statement.js';
import { type LoopHistoryEntity } from './loop-history.entity.js';
import { teamBefore } from './delivery.statement.js';

type StepKey = Parameters<typeof stepKey>[0];

type StepRow = Pick<
  LoopHistoryEntity,
  | 'loopId'
  | 'version'
  | 'change'
  | 'at'
  | 'actorKind'
  | 'actorId'
  | 'state'
  | 'cycle'
  | 'level'
  | 'team'
  | 'priority'
  | 'owner'
  | 'clocks'
> & { before: string | null; words: RoutedWords | null };

/** Steps out of the history, with the words that they are about, or that opened the loop. */
async function readSteps(manager: EntityManager, keys: readonly StepKey[]): Promise<StepRow[]> {
  const rows = await readKept(manager, keys);
  if (rows.length === keys.length) return rows;
  const found = new Set(rows.map(stepKey));
  return [
    ...rows,
    ...(await readArchived(
      manager,
      keys.filter((key) => !found.has(stepKey(key))),
    )),
  ];
}

function readKept(manager: EntityManager, keys: readonly StepKey[]): Promise<StepRow[]> {
  return manager.query<StepRow[]>(
    `select s.loop_id "loopId", s.version, s.change, s.at, s.actor_kind "actorKind",
        s.actor_id "actorId", s.state, s.cycle, s.level, s.team, s.priority, s.owner, s.clocks, ${teamBefore('s')} as before, w.body words
      from unnest($1::uuid[], $2::int[]) k(loop_id, version)
        join loop_history s on s.loop_id = k.loop_id and s.version = k.version
        left join loop_history o on o.loop_id = k.loop_id and o.version = 1
        left join words w on w.words_id = coalesce(s.feedback_id, o.feedback_id) and w.kind = 'feedback'`,
    [keys.map(({ loopId }) => loopId), keys.map(({ version }) => version)],
  );
}

function readArchived(manager: EntityManager, keys: readonly StepKey[]): Promise<StepRow[]> {
  return manager.query<StepRow[]>(
    `select s.loop_id "loopId", s.version, s.change, s.at, s.actor_kind "actorKind", s.actor_id "actorId", s.state, s.cycle,
        s.level, s.team, s.priority, s.owner, s.clocks, null as before, w.body words
      from unnest($1::uuid[], $2::int[]) k(loop_id, version)
        join loop_archive a on a.loop_id = k.loop_id
        join lateral ${archivedRows('loop_history', 'a')} s on s.version = k.version
        left join lateral ${archivedRows('loop_history', 'a')} o on o.version = 1
        left join lateral ${archivedRows('words', 'a')} w on w.words_id = coalesce(s.feedback_id, o.feedback_id) and w.kind = 'feedback'`,
    [keys.map(({ loopId }) => loopId), keys.map(({ version }) => version)],
  );
}

/** What the inboxes of teams hear of steps that were written: one question for all of them. */
export async function inboxEventsOf(manager: EntityManager, changes: readonly LoopChanged[]) {
  const steps = changes.filter(({ loop }) => loop !== null);
  if (steps.length === 0) return [];
  const rows = new Map((await readSteps(manager, steps)).map((row) => [stepKey(row), row]));
  return steps.flatMap((changed) => {
    const row = rows.get(stepKey(changed));
    return inboxEvents(changed, row?.words ?? undefined, row?.before ?? undefined);
  });
}

/** The teams that loops may have left by these steps, by `<loopId>/<version>`. */
export async function teamsBefore(manager: EntityManager, keys: readonly StepKey[]): Promise<Map<string, string>> {
  const rows = await readSteps(manager, keys);
  return new Map(rows.flatMap((row) => (row.before === null ? [] : [[stepKey(row), row.before]])));
}

/** Steps as teams are told of them, by `<loopId>/<version>`. */
export async function stepsTold(manager: EntityManager, keys: readonly StepKey[]): Promise<Map<string, TeamInbox>> {
  const rows = await readSteps(manager, keys);
  return new Map(rows.map((row) => [stepKey(row), toldOf(row)]));
}

const toldOf = ({ words, actorId, owner, level, clocks, ...row }: StepRow): TeamInbox => ({
  ...{ loopId: row.loopId, version: row.version, ...changeOf(row.change) },
  at: row.at.toISOString(),
  actor: { kind: row.actorKind, ...(actorId !== null && { id: actorId }) },
  loop: {
    ...{ state: row.state, cycle: row.cycle, team: row.team, priority: row.priority },
    ...(level !== null && level > 0 && { level }),
    ...(owner !== null && { owner }),
    ...(clocks && { clocks }),
  },
  ...(words && { feedback: words.feedback, tags: words.tags }),
});
