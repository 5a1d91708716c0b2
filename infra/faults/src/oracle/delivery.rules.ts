import { firstTeams, inboxEventId } from '@closeloop/contracts';
import { deliveryIdOf, type Addressed } from './derived-ids.js';
import { byKey, groupedBy } from './grouping.js';
import { type HistoryRow, type Rule } from './facts.js';

/** Steps by which a loop may leave its team, of which the team that it leaves hears, too. */
const moving = new Set(['assigned', 'escalated', 'objected', 'reopened']);

const keyOf = ({ endpointId, loopId, version }: Addressed): string => `${endpointId}/${loopId}/${version}`;

/** Every step, and the teams that are to hear of it. */
function* heardOf(history: readonly HistoryRow[]): Generator<{ row: HistoryRow; teams: readonly string[] }> {
  const rows = byKey(history, ({ loopId, version }) => `${loopId}/${version}`);
  for (const row of history) {
    const before = moving.has(row.change) ? rows.get(`${row.loopId}/${row.version - 1}`)?.team : undefined;
    yield { row, teams: before === undefined || before === row.team ? [row.team] : [row.team, before] };
  }
}

/** Each step of a loop has one delivery for each endpoint of the teams that hear of it, and nothing else has one. */
export const everyStepIsDelivered: Rule = function* (_heard, held) {
  const endpoints = groupedBy(held.endpoints, ({ team }) => team);
  const rows = groupedBy(held.deliveries, keyOf);
  for (const { row, teams } of heardOf(held.history)) {
    for (const { endpointId, team } of teams.flatMap((one) => endpoints.get(one) ?? [])) {
      const key = keyOf({ endpointId, ...row });
      const found = rows.get(key)?.length ?? 0;
      rows.delete(key);
      if (found === 1) continue;
      yield {
        ...{ how: found === 0 ? 'lost' : 'doubled', id: row.loopId },
        told: `version ${row.version}, ${row.change}, is delivered to ${team} once`,
        found: `${found} deliveries`,
      };
    }
  }
  for (const [, [row]] of rows) {
    const { loopId: id, version, team } = row!;
    yield { how: 'doubled', id, told: `version ${version} is not for ${team}`, found: 'it has a delivery' };
  }
};

/** A delivery has the id that is derived of what it says, in the log and at the receiver: one id never says two things, nor two ids one. */
export const deliveriesHaveOneId: Rule = function* (_heard, held) {
  const said = [
    ...held.deliveries.map((row) => ({ ...row, id: row.deliveryId, where: 'the log' })),
    ...held.takings.map((taking) => ({ ...taking, where: 'the receiver' })),
  ];
  for (const one of said) {
    const id = deliveryIdOf(one);
    if (one.id !== id)
      yield {
        ...{ how: 'doubled', id: one.loopId, told: `version ${one.version} for ${one.endpointId} is ${id}` },
        found: `${one.where} has it as ${one.id}`,
      };
  }
};

/** Every delivery is sent, and the receiver took it at least once; it took nothing else, and nothing that was not signed came. */
export const deliveriesArrive: Rule = function* (_heard, held) {
  const taken = groupedBy(held.takings, ({ id }) => id);
  const known = byKey(held.deliveries, ({ deliveryId }) => deliveryId);
  for (const { deliveryId, loopId: id, version, team, state } of held.deliveries) {
    const told = `version ${version} is delivered to ${team}`;
    if (state !== 'sent') yield { how: 'lost', id, told, found: `it is ${state}` };
    else if (!taken.has(deliveryId)) yield { how: 'lost', id, told, found: 'the receiver never took it' };
  }
  for (const [delivery, [taking]] of taken) {
    if (!known.has(delivery))
      yield { how: 'doubled', id: taking!.loopId, told: `there is no delivery ${delivery}`, found: 'it was taken' };
  }
  for (const path of held.unsigned)
    yield { how: 'other', id: path, told: 'each request is signed', found: 'one was not' };
};

/** An endpoint first takes the steps of a loop in their order. */
export const deliveriesComeInOrder: Rule = function* (_heard, held) {
  for (const [, takings] of groupedBy(held.takings, ({ endpointId, loopId }) => `${endpointId}/${loopId}`)) {
    const versions = [...new Set(takings.map(({ version }) => version))];
    const at = versions.findIndex((version, index) => index > 0 && version < versions[index - 1]!);
    if (at > 0)
      yield {
        ...{ how: 'misordered', id: takings[0]!.loopId, told: `${versions[at]} before ${versions[at - 1]}` },
        found: 'the receiver took it the other way round',
      };
  }
};

const withInbox = new Set<string>(firstTeams);

/** Every step stands in the topics of the teams that are to hear of it, under its derived id, and nothing else does. */
export const inboxesAreTold: Rule = function* (_heard, held) {
  const events = byKey(held.inbox, ({ id }) => id);
  const due = new Set<string>();
  for (const { row, teams } of heardOf(held.history)) {
    const { loopId, version, change } = row;
    for (const team of teams.filter((one) => withInbox.has(one))) {
      const id = inboxEventId(team, loopId, version);
      due.add(id);
      const event = events.get(id);
      if (event?.team === team && event.loopId === loopId && event.version === version) continue;
      yield {
        ...{ how: 'lost', id: loopId, told: `version ${version}, ${change}, in the inbox of ${team}` },
        found: event ? `that id says version ${event.version} of ${event.loopId}` : 'the inbox does not have it',
      };
    }
  }
  for (const { id, team, loopId, version } of held.inbox) {
    if (!due.has(id))
      yield {
        ...{ how: 'doubled', id: loopId, told: `version ${version} is not for ${team} as ${id}` },
        found: 'its inbox has it',
      };
  }
};
