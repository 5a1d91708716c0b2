import { randomUUID } from 'node:crypto';
import {
  canonicalJson,
  deadLetterHeaders,
  feedbackIdOf,
  feedbackInbound,
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
  firstTeams,
  loopChanged,
  pipeline,
  replyFailed,
  replayGroupHeader,
  replySent,
  resendHeader,
  sha256,
  sourcePattern,
  teamInboxTopic,
  topics,
} from '@closeloop/contracts';
import { type IHeaders, type KafkaMessage } from 'kafkajs';
import {
  type FeedbackEvent,
  type Held,
  type InboundMessage,
  type InboxEvent,
  type LoopEvent,
  type ReplyResult,
  type TopicLetter,
} from './facts.js';
import { kafkaOf, withAdmin } from './stores.js';

type Read = Pick<Held, 'events' | 'loopEvents' | 'inbound' | 'topicLetters' | 'inbox' | 'replyResults'>;

const inboxes = new Map(firstTeams.map((team) => [teamInboxTopic(team), team]));
const results = new Map([
  [replySent.topic, 'sent'],
  [replyFailed.topic, 'failed'],
] as const);

/** How long nothing may come before it is given up */
const patienceMs = 30_000;

/** Reads every topic from its beginning to where it ends now. @throws where Kafka cannot be read */
export async function readTopics(brokers: string): Promise<Read> {
  const missing = new Map<string, bigint>();
  await withAdmin(brokers, async (admin) => {
    for (const topic of [...topics, ...inboxes.keys()]) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        if (BigInt(high) > BigInt(low)) missing.set(`${topic}/${partition}`, BigInt(high));
      }
    }
  });
  const events: FeedbackEvent[] = [];
  const loopEvents: LoopEvent[] = [];
  const inbound: InboundMessage[] = [];
  const topicLetters: TopicLetter[] = [];
  const inbox: InboxEvent[] = [];
  const replyResults: ReplyResult[] = [];
  const take = (topic: string, partition: number, message: KafkaMessage): void => {
    const headers = textOf(message.headers);
    const at = { partition, offset: Number(message.offset) };
    if (topic.endsWith('.dead-letter')) topicLetters.push(letterOf(headers));
    else if (topic === feedbackInbound.topic) inbound.push({ ...at, ...inboundOf(message.value, headers) });
    else if (!headers['ce_source']?.startsWith('closeloop/')) return;
    else if (topic === loopChanged.topic) {
      const event = loopEventOf(message.value, headers);
      if (event) loopEvents.push({ ...at, takenAt: Number(message.timestamp), ...event });
    } else if (inboxes.has(topic)) {
      const event = objectOf(message.value) as { loopId: string; version: number } | undefined;
      const { loopId = '', version = 0 } = event ?? {};
      inbox.push({ team: inboxes.get(topic)!, id: headers['ce_id'] ?? '', loopId, version });
    } else if (results.has(topic)) {
      const event = objectOf(message.value) as { replyId: string; loopId: string } | undefined;
      const { replyId = '', loopId = '' } = event ?? {};
      replyResults.push({ replyId, loopId, result: results.get(topic)! });
    } else {
      const event = feedbackEventOf(topic, message.value, headers);
      if (event) events.push({ topic, ...at, ...event });
    }
  };
  if (missing.size > 0) await consumeAll(brokers, missing, take);
  const inOrder = (a: { partition: number; offset: number }, b: { partition: number; offset: number }): number =>
    a.partition - b.partition || a.offset - b.offset;
  return {
    events: events.sort((a, b) => (a.topic === b.topic ? inOrder(a, b) : a.topic < b.topic ? -1 : 1)),
    loopEvents: loopEvents.sort(inOrder),
    inbound: inbound.sort(inOrder),
    topicLetters,
    inbox,
    replyResults,
  };
}

async function consumeAll(
  brokers: string,
  missing: Map<string, bigint>,
  take: (topic: string, partition: number, message: KafkaMessage) => void,
): Promise<void> {
  const groupId = `closeloop-oracle-${randomUUID()}`;
  const consumer = kafkaOf(brokers).consumer({
    groupId,
    maxBytesPerPartition: 4 * 1024 * 1024,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    retry: { retries: 5 },
  });
  const next = new Map<string, bigint>();
  let heard = performance.now();
  try {
    await consumer.connect();
    await consumer.subscribe({
      topics: [...new Set([...missing.keys()].map((place) => place.slice(0, place.lastIndexOf('/'))))],
      fromBeginning: true,
    });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      const watch = setInterval(() => {
        if (missing.size === 0) clearInterval(watch);
        else if (performance.now() - heard > patienceMs) {
          clearInterval(watch);
          reject(new Error(`nothing comes any more from ${[...missing.keys()].join(', ')}`));
        }
      }, 1_000);
      consumer
        .run({
          autoCommit: false,
          eachBatch: ({ batch: { topic, partition, messages } }) => {
            const place = `${topic}/${partition}`;
            const end = missing.get(place);
            for (const message of messages) {
              const offset = BigInt(message.offset);
              // a rebalance begins anew; and what has come since belongs to another look
              if (end === undefined || offset >= end || offset < (next.get(place) ?? 0n)) continue;
              next.set(place, offset + 1n);
              take(topic, partition, message);
            }
            heard = performance.now();
            if (end !== undefined && (next.get(place) ?? 0n) >= end) missing.delete(place);
            if (missing.size === 0) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect().catch(() => undefined);
    await withAdmin(brokers, (admin) => admin.deleteGroups([groupId])).catch(() => undefined);
  }
}

type Headers = Readonly<Record<string, string>>;

const textOf = (headers: IHeaders | undefined): Headers =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, String(Array.isArray(value) ? value.at(-1) : value)]),
  );

function objectOf(value: Buffer | null): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(value?.toString('utf8') ?? '');
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const isResent = (headers: Headers): boolean =>
  headers[replayGroupHeader] !== undefined || headers[resendHeader] !== undefined;

/** The rest of the message is what the validators of the services have passed; one that is none is somebody else's. */
function feedbackEventOf(
  topic: string,
  value: Buffer | null,
  headers: Headers,
): Omit<FeedbackEvent, 'topic' | 'partition' | 'offset'> | undefined {
  const data = objectOf(value) as
    ({ feedback?: Revision; tagRevision?: number; routeRevision?: number } & Partial<Revision>) | undefined;
  const feedback = topic === feedbackReceived.topic ? (data as Revision | undefined) : data?.feedback;
  if (typeof feedback?.feedbackId !== 'string') return undefined;
  return {
    id: headers['ce_id'] ?? '',
    feedbackId: feedback.feedbackId,
    revision: feedback.revision,
    contentHash: feedback.contentHash,
    tagRevision: topic === feedbackTagged.topic || topic === feedbackRouted.topic ? (data?.tagRevision ?? 0) : 0,
    routeRevision: topic === feedbackRouted.topic ? (data?.routeRevision ?? 0) : 0,
    resent: isResent(headers),
  };
}

interface Revision {
  readonly feedbackId: string;
  readonly revision: number;
  readonly contentHash: string;
}

function loopEventOf(
  value: Buffer | null,
  headers: Headers,
): Omit<LoopEvent, 'partition' | 'offset' | 'takenAt'> | undefined {
  const data = objectOf(value) as
    | {
        loopId?: string;
        version: number;
        change: string;
        note?: string;
        feedback?: { feedbackId: string; revision: number; settlement: number };
      }
    | undefined;
  if (typeof data?.loopId !== 'string') return undefined;
  const { loopId, version, note, feedback } = data;
  // what came later than the closed list of changes is noted, by its name
  const change = note ?? data.change;
  return {
    ...{ id: headers['ce_id'] ?? '', loopId, version, change, resent: isResent(headers) },
    ...(feedback && {
      ...{ feedbackId: feedback.feedbackId, revision: feedback.revision, settlement: feedback.settlement },
    }),
  };
}

function inboundOf(value: Buffer | null, headers: Headers): Omit<InboundMessage, 'partition' | 'offset'> {
  const data = objectOf(value) ?? {};
  const { source, externalId, kind, updatedAt } = data;
  const group = headers[replayGroupHeader];
  const skipped = group !== undefined && group !== pipeline.ingestion.group;
  if (typeof source !== 'string' || !sourcePattern.test(source)) return { source: '', skipped };
  if (typeof externalId !== 'string' || externalId === '') return { source, skipped };
  const feedbackId = feedbackIdOf(source, externalId);
  return {
    ...{ source, skipped, feedbackId },
    ...hashed({ historic: false, ...data, feedbackId }),
    ...(typeof kind === 'string' && { kind }),
    ...(typeof updatedAt === 'string' && { updatedAt: Date.parse(updatedAt) }),
  };
}

/** Nothing of what is nested too deep for that: no service takes it either. */
function hashed(data: object): { contentHash?: string } {
  try {
    return { contentHash: sha256(canonicalJson(data)) };
  } catch (error) {
    if (error instanceof RangeError) return {};
    throw error;
  }
}

const letterOf = (headers: Headers): TopicLetter => ({
  id: headers[deadLetterHeaders.id] ?? '',
  group: headers[deadLetterHeaders.group] ?? '',
  topic: headers[deadLetterHeaders.topic] ?? '',
  partition: Number(headers[deadLetterHeaders.partition] ?? -1),
  offset: headers[deadLetterHeaders.offset] ?? '-1',
});
