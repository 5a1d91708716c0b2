import {
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
  hopEventId,
  loopEventId,
  pipeline,
  settlementEventId,
} from '@closeloop/contracts';
import { byKey, groupedBy } from './grouping.js';
import { type Broken, type Rule } from './facts.js';

const revisionKey = ({ feedbackId, revision }: { feedbackId?: string; revision?: number }): string =>
  `${feedbackId}/${revision}`;

const hops = [
  { topic: feedbackReceived.topic, step: 'received', diesAs: [] },
  { topic: feedbackTagged.topic, step: 'tagged', diesAs: [feedbackReceived.topic] },
  { topic: feedbackRouted.topic, step: 'routed', diesAs: [feedbackReceived.topic, feedbackTagged.topic] },
] as const;

/** Every accepted revision has gone through every topic, unless it died before; and nothing else has. */
export const everyRevisionWasSent: Rule = function* (_heard, held) {
  const events = groupedBy(held.events, (event) => `${event.topic} ${revisionKey(event)}`);
  const died = new Set(held.letters.map((letter) => `${letter.topic} ${revisionKey(letter)}`));
  for (const row of held.revisions) {
    for (const { topic, diesAs } of hops) {
      if (
        events.has(`${topic} ${revisionKey(row)}`) ||
        diesAs.some((before) => died.has(`${before} ${revisionKey(row)}`))
      )
        continue;
      yield {
        how: 'lost',
        id: row.feedbackId,
        told: `revision ${row.revision} is accepted`,
        found: `${topic} does not have it`,
      };
    }
  }
  const known = new Set(held.revisions.map((row) => `${revisionKey(row)} ${row.contentHash}`));
  for (const [, [event]] of events) {
    if (!known.has(`${revisionKey(event!)} ${event!.contentHash}`))
      yield {
        how: 'doubled',
        id: event!.feedbackId,
        told: 'no such revision was accepted',
        found: `${event!.topic} has revision ${event!.revision}`,
      };
  }
};

/** What is sent twice has the same id, the one that contracts.md derives. */
export const resendsHaveOneId: Rule = function* (_heard, held) {
  for (const event of held.events) {
    const { step } = hops.find(({ topic }) => topic === event.topic)!;
    const id = hopEventId(step, event);
    if (event.id !== id)
      yield { how: 'doubled', id: event.feedbackId, told: `${event.topic} has it as ${id}`, found: `as ${event.id}` };
  }
  for (const event of held.loopEvents) {
    const { loopId, version, feedbackId, settlement } = event;
    const id =
      version > 0 || feedbackId === undefined
        ? loopEventId(loopId, version)
        : settlementEventId(feedbackId, settlement!);
    if (event.id !== id)
      yield { how: 'doubled', id: loopId, told: `version ${version} is ${id}`, found: `it came as ${event.id}` };
  }
};

/** Every step of a loop and every settlement was told, as it stands in the store, and nothing else was. */
export const everyChangeWasTold: Rule = function* (_heard, held) {
  const events = groupedBy(held.loopEvents, ({ id }) => id);
  const history = byKey(held.history, ({ loopId, version }) => `${loopId}/${version}`);
  for (const { loopId: id, version, change } of held.history) {
    if (!events.has(loopEventId(id, version)))
      yield { how: 'lost', id, told: `version ${version}, ${change}`, found: 'loop.changed does not have it' };
  }
  const settlements = new Set<string>();
  for (const { feedbackId: id, settlement, revision, version } of held.settlements) {
    settlements.add(`${id}/${settlement}`);
    if (version === 0 && !events.has(settlementEventId(id, settlement)))
      yield {
        how: 'lost',
        id,
        told: `settlement ${settlement}, of revision ${revision}`,
        found: 'loop.changed does not have it',
      };
  }
  for (const [, [event]] of events) {
    const { loopId, version, change, feedbackId, settlement } = event!;
    if (version > 0) {
      const kept = history.get(`${loopId}/${version}`);
      if (kept?.change !== change)
        yield {
          how: 'doubled',
          id: loopId,
          told: `version ${version} is ${kept?.change ?? 'not there'}`,
          found: `loop.changed says ${change}`,
        };
    } else if (feedbackId !== undefined && !settlements.has(`${feedbackId}/${settlement}`)) {
      yield {
        how: 'doubled',
        id: feedbackId,
        told: 'no such settlement',
        found: `loop.changed has settlement ${settlement}`,
      };
    }
  }
  for (const [, several] of groupedBy(held.loopEvents, ({ feedbackId, settlement }) =>
    feedbackId === undefined ? undefined : `${feedbackId}/${settlement}`,
  )) {
    const ids = new Set(several.map(({ id }) => id));
    if (ids.size > 1)
      yield {
        how: 'doubled',
        id: several[0]!.feedbackId!,
        told: `settlement ${several[0]!.settlement} is told once`,
        found: `as ${[...ids].join(' and ')}`,
      };
  }
};

/** What has one key comes in its order: the first appearance of a revision is not before that of the one before. */
export const orderIsKept: Rule = function* (_heard, held) {
  for (const { topic } of hops) {
    const inTopic = held.events.filter((event) => event.topic === topic && !event.resent);
    yield* ordered(
      topic,
      inTopic,
      ({ feedbackId }) => feedbackId,
      ({ revision }) => revision,
    );
  }
  const changes = held.loopEvents.filter(({ version, resent }) => version > 0 && !resent);
  yield* ordered(
    'loop.changed',
    changes,
    ({ loopId }) => loopId,
    ({ version }) => version,
  );
};

function* ordered<T extends { partition: number; offset: number }>(
  topic: string,
  events: readonly T[],
  keyOf: (event: T) => string,
  numberOf: (event: T) => number,
): Generator<Broken> {
  for (const [id, several] of groupedBy(events, keyOf)) {
    if (new Set(several.map(({ partition }) => partition)).size > 1) {
      yield { how: 'misordered', id, told: 'one key, one partition', found: `${topic} has it in several` };
      continue;
    }
    const first = new Map<number, number>();
    for (const event of [...several].sort((a, b) => a.offset - b.offset)) {
      if (!first.has(numberOf(event))) first.set(numberOf(event), event.offset);
    }
    const numbers = [...first.keys()];
    const at = numbers.findIndex((number, index) => index > 0 && number < numbers[index - 1]!);
    if (at > 0)
      yield {
        how: 'misordered',
        id,
        told: `${numbers[at]} before ${numbers[at - 1]}`,
        found: `${topic} has ${numbers.join(', ')}`,
      };
  }
}

/** The topics and groups whose letters count: nothing ends where learning or rehearsal cannot read it. */
const counted = new Set<string>(
  (['ingestion', 'sentiment', 'routing', 'loop', 'insights'] as const).flatMap((service) =>
    pipeline[service].consumes
      .filter(({ topic }) => service !== 'ingestion' || topic === 'feedback.inbound.v1')
      .map(({ topic }) => `${topic} ${pipeline[service].group}`),
  ),
);
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What lies in a dead-letter topic is kept by ingestion, once, and nothing else is; one death is one letter. */
export const lettersAreKept: Rule = function* (_heard, held) {
  const letters = held.topicLetters.filter(({ id, topic, group }) => uuid.test(id) && counted.has(`${topic} ${group}`));
  const inTopics = new Set(letters.map(({ id }) => id));
  const kept = new Set(held.letters.map(({ letterId }) => letterId));
  for (const { id, topic, partition, offset } of letters) {
    if (kept.has(id)) continue;
    kept.add(id);
    yield {
      how: 'lost',
      id,
      told: `a dead letter of ${topic}/${partition} at ${offset}`,
      found: 'ingestion does not keep it',
    };
  }
  for (const { letterId, topic, feedbackId } of held.letters) {
    if (!inTopics.has(letterId))
      yield {
        how: 'doubled',
        id: feedbackId ?? letterId,
        told: 'no such letter was sent',
        found: `ingestion keeps ${letterId} of ${topic}`,
      };
  }
  for (const [place, several] of groupedBy(
    letters,
    ({ group, topic, partition, offset }) => `${group} ${topic}/${partition} at ${offset}`,
  )) {
    const ids = new Set(several.map(({ id }) => id));
    if (ids.size > 1)
      yield { how: 'doubled', id: place, told: 'one death is one letter', found: [...ids].join(' and ') };
  }
};
