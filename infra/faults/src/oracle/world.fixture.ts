import {
  canonicalJson,
  feedbackIdOf,
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
  hopEventId,
  inboxEventId,
  loopEventId,
  loopIdOf,
  settlementEventId,
  sha256,
} from '@closeloop/contracts';
import { type Answer, type Submission } from '../load/journal.js';
import { countedBy } from './grouping.js';
import { deliveryIdOf, followUpIdOf } from './derived-ids.js';
import { type Heard, type Held } from './facts.js';

/** So that a spec can take something away or put something in. */
type Open<T> = { -readonly [Name in keyof T]: T[Name] extends readonly (infer Item)[] ? Open<Item>[] : Open<T[Name]> };

export interface World {
  readonly heard: Open<Heard>;
  readonly held: Open<Held>;
}

/** A feedback and what becomes of it. */
export interface Story {
  /** Revisions over HTTP, or messages over Kafka; each a minute later than the one before */
  readonly revisions: number;
  readonly wish: 'open' | 'none';
  readonly via?: 'single' | 'kafka';
  /** The last revision deletes it */
  readonly deleted?: boolean;
  /** The last revision dies on its way */
  readonly dies?: boolean;
  /** Each is sent so many times more, and is a duplicate */
  readonly again?: number;
  /** Changes that an agent makes to its loop */
  readonly commands?: number;
  /** Then it is resolved, and waits for its customer, or expires */
  readonly resolved?: 'waits' | 'expires';
  /** It is refused */
  readonly poison?: boolean;
}

const epoch = Date.UTC(2026, 0, 1);
const partitions = 3;
/** Of support, the only team that has one */
const endpointId = loopIdOf('an endpoint');
/** When every resolved loop expires */
const dueAt = epoch + 3_600_000;

/** A system in which everything went as it was promised: what the clients were told, and what the stores hold. */
export function worldOf(stories: readonly Story[]): World {
  const world: World = {
    heard: { told: [], transitions: [], phases: ['quiet', 'storm'] },
    held: {
      ledger: [],
      revisions: [],
      letters: [],
      standings: [],
      tallies: [],
      settled: [],
      settlements: [],
      loops: [],
      history: [],
      deadlines: [],
      loopTallies: [],
      deliveries: [],
      followUps: [],
      replies: [],
      sendings: [],
      replyResults: [],
      inbox: [],
      endpoints: [{ endpointId, team: 'support' }],
      takings: [],
      replyTakings: [],
      unsigned: [],
      now: dueAt,
      events: [],
      loopEvents: [],
      inbound: [],
      topicLetters: [],
      unsent: { ingestion: 0, loop: 0 },
      view: { results: {}, outcomes: {}, unsettled: { total: 0 }, missing: 0 },
    },
  };
  stories.forEach((story, number) => tell(world, story, number));
  count(world);
  return world;
}

function tell({ heard, held }: World, story: Story, number: number): void {
  const { via = 'single', revisions, wish, deleted, dies, again = 0, commands = 0, resolved, poison } = story;
  const source = via === 'kafka' ? 'stream' : 'web';
  const feedbackId = feedbackIdOf(source, String(number));
  const partition = number % partitions;
  const phase = number % 2 === 0 ? 'quiet' : 'storm';
  const say = (notes: Pick<Submission, 'kind' | 'contentHash' | 'updatedAt'>, answer: Answer): void => {
    const submission = { no: heard.told.length, phase, source, via, feedbackId, ...notes };
    heard.told.push({ submission, undetermined: 0, answer: via === 'kafka' ? { result: 'written' } : answer });
    if (via !== 'kafka') return;
    held.inbound.push({
      ...{ partition, offset: held.inbound.length, source, feedbackId, kind: notes.kind, skipped: false },
      ...(notes.contentHash !== undefined && { contentHash: notes.contentHash }),
      ...(notes.updatedAt !== undefined && { updatedAt: Date.parse(notes.updatedAt) }),
    });
  };
  const letter = (topic: string, group: string, offset: string, revision?: number): void => {
    const id = loopIdOf(`${feedbackId} ${topic}`);
    held.topicLetters.push({ id, group, topic, partition, offset });
    held.letters.push({
      ...{ letterId: id, feedbackId, topic, partition, offset, group, reason: 'invalid-schema' },
      ...(revision !== undefined && { revision }),
    });
  };

  if (poison) {
    say({ kind: 'poison' }, { result: 'rejected', status: 400 });
    if (via === 'kafka') letter('feedback.inbound.v1', 'closeloop.ingestion', String(held.inbound.at(-1)!.offset));
    return;
  }
  const hashOf = (revision: number): string => sha256(canonicalJson([number, revision]));
  const time = (revision: number): string => new Date(epoch + revision * 60_000).toISOString();
  const loopId = loopIdOf(feedbackId);
  const steps: { change: string; actor: string; state: string; revision?: number }[] = [];
  let state = 'opened';
  let settlement = 0;
  for (let revision = 1; revision <= revisions; revision++) {
    const last = revision === revisions;
    const kind = last && deleted ? 'deleted' : revision === 1 ? 'created' : 'updated';
    const contentHash = hashOf(revision);
    const notes = { kind, contentHash, updatedAt: time(revision) } as const;
    say(notes, { result: revision === 1 ? 'accepted' : 'revised', revision });
    for (let times = 0; times < again; times++) say(notes, { result: 'duplicate', revision });
    held.revisions.push({ feedbackId, revision, kind, contentHash });
    const event = { feedbackId, revision, contentHash, partition, resent: false };
    const hop = (
      topic: string,
      step: 'received' | 'tagged' | 'routed',
      tagRevision: number,
      routeRevision: number,
    ): void => {
      const at = { feedbackId, revision, contentHash, tagRevision, routeRevision };
      held.events.push({ ...event, ...at, topic, offset: held.events.length, id: hopEventId(step, at) });
    };
    hop(feedbackReceived.topic, 'received', 0, 0);
    if (last && dies) {
      letter(feedbackReceived.topic, 'closeloop.sentiment', String(held.events.at(-1)!.offset), revision);
      break;
    }
    hop(feedbackTagged.topic, 'tagged', 1, 0);
    hop(feedbackRouted.topic, 'routed', 1, 1);
    settlement++;
    const outcome = kind === 'deleted' ? 'withdrawn' : wish === 'open' ? 'loop' : 'no-loop';
    const placed = wish === 'open' && (kind !== 'deleted' || steps.length > 0);
    if (placed) {
      if (kind === 'deleted') state = 'withdrawn';
      const change = kind === 'deleted' ? 'withdrawn' : steps.length === 0 ? 'opened' : 'revised';
      steps.push({ change, actor: 'source', state, revision });
      for (let command = 0; revision === 1 && command < commands; command++) {
        steps.push({ change: 'escalated', actor: `agent-${number}`, state });
      }
      if (last && resolved && state === 'opened') {
        steps.push({ change: 'resolved', actor: `agent-${number}`, state: (state = 'resolved') });
        if (resolved === 'expires') steps.push({ change: 'expired', actor: '', state: (state = 'closed-unverified') });
      }
    }
    const version = placed ? steps.findIndex((step) => step.revision === revision) + 1 : 0;
    held.settlements.push({
      ...{ feedbackId, revision, contentHash, settlement, outcome, loopId, version, tagRevision: 1, routeRevision: 1 },
    });
    if (!placed) {
      held.loopEvents.push({
        ...{ partition, offset: held.loopEvents.length, loopId, version: 0, change: 'settled', resent: false },
        takenAt: epoch,
        ...{ id: settlementEventId(feedbackId, settlement), feedbackId, revision, settlement },
      });
    }
    const end = { outcome, settlement, team: 'support', ...(placed && { loopId }) };
    held.settled = held.settled.filter((row) => row.feedbackId !== feedbackId);
    held.settled.push({ feedbackId, source, revision, ...end, ...(placed && { place: 'loop' }) });
    held.ledger = held.ledger.filter((row) => row.feedbackId !== feedbackId);
    held.ledger.push({
      ...{ feedbackId, source, acceptedRevision: revision, contentHash, settledRevision: revision, ...end },
      ...{ updatedAt: epoch + revision * 60_000, ...(kind === 'deleted' && { deletedAt: epoch + revision * 60_000 }) },
    });
  }
  if (dies) {
    const known = held.ledger.find((row) => row.feedbackId === feedbackId);
    const accepted = {
      acceptedRevision: revisions,
      contentHash: hashOf(revisions),
      updatedAt: epoch + revisions * 60_000,
    };
    if (known) Object.assign(known, accepted);
    else held.ledger.push({ feedbackId, source, settledRevision: 0, settlement: 0, ...accepted });
  }
  if (steps.length === 0) return;
  steps.forEach(({ change, actor, state: after, revision }, at) => {
    const version = at + 1;
    const isSource = actor === 'source';
    const settledHere = held.settlements.find((row) => row.feedbackId === feedbackId && row.version === version);
    held.history.push({
      ...{ loopId, version, change, at: change === 'expired' ? dueAt : epoch, state: after },
      ...{ cycle: 1, team: 'support', priority: 'high' },
      ...(actor === ''
        ? { actorKind: 'system' }
        : isSource
          ? { actorKind: 'source', actorId: source }
          : { actorKind: 'agent', actorId: actor }),
      ...((change === 'resolved' || change === 'expired') && { dueAt }),
      ...(revision !== undefined && { feedbackId, revision }),
    });
    held.loopEvents.push({
      ...{
        partition,
        offset: held.loopEvents.length,
        takenAt: change === 'expired' ? dueAt : epoch,
        id: loopEventId(loopId, version),
        loopId,
        version,
        change,
        resent: false,
      },
      ...(settledHere && { feedbackId, revision: settledHere.revision, settlement: settledHere.settlement }),
    });
    const step = { endpointId, loopId, version };
    const deliveryId = deliveryIdOf(step);
    held.deliveries.push({ ...step, deliveryId, team: 'support', state: 'sent' });
    held.takings.push({ ...step, id: deliveryId });
    held.inbox.push({ team: 'support', id: inboxEventId('support', loopId, version), loopId, version });
    if (change === 'resolved') ask(held, loopId, source);
    if (!isSource && actor !== '')
      heard.transitions.push({ phase, loopId, version, change, actor: { kind: 'agent', id: actor } });
  });
  const standing = { loopId, version: steps.length, state, cycle: 1, team: 'support', priority: 'high' };
  const waits = state === 'resolved';
  held.loops.push({ ...standing, feedback: state === 'withdrawn' ? 0 : 1, ...(waits && { expiresAt: dueAt }) });
  if (waits) held.deadlines.push({ loopId, kind: 'expiry', dueAt });
  held.standings.push({ ...standing, source });
}

/** Its customer is asked by a connector. */
function ask(
  { followUps, replies, sendings, replyResults, replyTakings }: World['held'],
  loopId: string,
  source: string,
) {
  const replyId = followUpIdOf(loopId, 1);
  const [reply, cycle] = [{ replyId, kind: 'follow-up', loopId, state: 'sent' }, 1];
  const times = { requestedAt: epoch, handedOverAt: epoch + 1, expiresAt: dueAt };
  followUps.push({ followUpId: replyId, loopId, cycle, state: 'handed-over', ...times });
  replies.push({ ...reply, cycle });
  sendings.push({ ...reply, source });
  replyResults.push({ replyId, loopId, result: 'sent' });
  replyTakings.push({ source, id: replyId, replyId, loopId });
}

/** Counts anew what the ledger counts. */
export function count({ heard, held }: World): void {
  const tallies = (measure: string, keys: Iterable<readonly [source: string, value: string, team?: string]>): void => {
    for (const [key, number] of countedBy(keys, (parts) => JSON.stringify(parts))) {
      const [source, value, team = ''] = JSON.parse(key) as [string, string, string?];
      held.tallies.push({ measure, source, value, team, sentiment: '', count: number });
    }
  };
  const results = heard.told.flatMap(({ submission: { source, via, kind }, answer }): (readonly [string, string])[] => {
    if (kind === 'poison') return [[source, via === 'kafka' ? 'dead-inbound' : 'rejected'] as const];
    return answer && 'revision' in answer ? [[source, answer.result] as const] : [];
  });
  const known = new Set<string>();
  for (const { feedbackId, contentHash, source } of held.inbound) {
    if (contentHash === undefined) continue;
    results.push([source, known.has(contentHash) ? 'duplicate' : known.has(feedbackId!) ? 'revised' : 'accepted']);
    known.add(contentHash).add(feedbackId!);
  }
  held.tallies = [];
  tallies('result', results);
  tallies(
    'outcome',
    held.ledger.flatMap(({ source, outcome, team }) =>
      outcome === undefined ? [] : [[source, outcome, team] as const],
    ),
  );
  tallies(
    'loop',
    held.standings.map(({ source, state }) => [source, state] as const),
  );
  held.loopTallies = [...countedBy(held.loops, ({ team, state }) => `${team} ${state}`)].map(([key, number]) => {
    const [team, state] = key.split(' ');
    return { team: team!, state: state!, count: number };
  });
  held.view.results = Object.fromEntries(countedBy(results, ([, value]) => value));
  held.view.outcomes = Object.fromEntries(countedBy(held.ledger, ({ outcome }) => outcome ?? 'none'));
}
