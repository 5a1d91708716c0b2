import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { feedbackIdOf, feedbackReceived, loopChanged, loopIdOf } from '@closeloop/contracts';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { withDatabase } from '../oracle/stores.js';
import { type Subject } from '../subject.js';
import { Client, NoAnswer } from './client.js';

/** The connector that sends canaries: they stand in no journal. */
export const canarySource = 'faults-canary';

const pollMs = 50;
/** How often the ledger is looked at, for all at once and past the service: what that cost it would be missing to it where it recovers. */
const settledPollMs = 100;

interface Canary {
  readonly externalId: string;
  readonly feedbackId: string;
}

/**
 * Sends feedback that reaches every partition, by every replica of ingestion, until the ledger has settled each.
 * @returns seconds from the call on
 * @throws where that is not so in time, with what is missing
 */
export async function untilFlowing(
  subject: Subject,
  { timeoutSeconds, signal }: { timeoutSeconds: number; signal?: AbortSignal },
): Promise<number> {
  const begun = performance.now();
  const within = AbortSignal.timeout(timeoutSeconds * 1000);
  const giveUp = signal ? AbortSignal.any([signal, within]) : within;
  // Every canary listens to it.
  setMaxListeners(0, giveUp);
  const client = new Client();
  const missing = new Map<string, string>();
  try {
    const counts = await partitionsOf(subject.kafkaBrokers, giveUp);
    const key = await subject.apiKey(canarySource);
    await Promise.all(
      subject.ingestionUrls.flatMap((url) =>
        canariesFor(counts).map(async (canary) => {
          missing.set(canary.feedbackId, `${url} has not taken it`);
          await sent(client, url, key, canary, giveUp);
          missing.set(canary.feedbackId, 'it is not settled');
        }),
      ),
    );
    await untilSettled(subject, missing, giveUp);
    return (performance.now() - begun) / 1000;
  } catch (error) {
    signal?.throwIfAborted();
    if (!within.aborted) throw error;
    const told = [...missing].slice(0, 5).map(([id, what]) => `${id}: ${what}`);
    throw new Error(`After ${timeoutSeconds} s ${missing.size} canaries are missing. ${told.join('; ')}`, {
      cause: error,
    });
  } finally {
    client.close();
  }
}

interface PartitionCounts {
  readonly feedback: number;
  readonly loops: number;
}

async function partitionsOf(brokers: string, signal: AbortSignal): Promise<PartitionCounts> {
  const kafka = new Kafka({ clientId: 'closeloop.faults', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  for (;;) {
    const admin = kafka.admin({ retry: { retries: 0 } });
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [feedbackReceived.topic, loopChanged.topic] });
      const count = (topic: string): number => topics.find(({ name }) => name === topic)!.partitions.length;
      return { feedback: count(feedbackReceived.topic), loops: count(loopChanged.topic) };
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/** As few as reach each partition of the feedback's topics, and by the loops that they open each of loop.changed. */
function canariesFor({ feedback, loops }: PartitionCounts): Canary[] {
  const partition = Partitioners.DefaultPartitioner();
  const partitionOf = (key: string, count: number): number =>
    partition({
      topic: '',
      partitionMetadata: Array.from({ length: count }, (_, partitionId) => ({
        ...{ partitionErrorCode: 0, partitionId, leader: 0, replicas: [], isr: [] },
      })),
      message: { key, value: null },
    });
  const wanted = new Set([
    ...Array.from({ length: feedback }, (_, at) => `feedback ${at}`),
    ...Array.from({ length: loops }, (_, at) => `loops ${at}`),
  ]);
  const chosen: Canary[] = [];
  while (wanted.size > 0) {
    const externalId = randomUUID();
    const feedbackId = feedbackIdOf(canarySource, externalId);
    const reached = [
      `feedback ${partitionOf(feedbackId, feedback)}`,
      `loops ${partitionOf(loopIdOf(feedbackId), loops)}`,
    ];
    if (!reached.some((one) => wanted.has(one))) continue;
    for (const one of reached) wanted.delete(one);
    chosen.push({ externalId, feedbackId });
  }
  return chosen;
}

async function sent(
  client: Client,
  url: string,
  key: string,
  { externalId }: Canary,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify({
    externalId,
    channel: 'survey',
    text: 'The room was dirty and the towels smelled awful.',
  });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  for (;;) {
    const status = await statusOf(() =>
      client.send(url, { method: 'POST', path: '/v1/feedback', headers, body }, signal),
    );
    if (status === 200 || status === 202) return;
    if (status !== undefined && status < 500 && status !== 429) throw new Error(`A canary was answered ${status}.`);
    await sleep(pollMs, undefined, { signal });
  }
}

/** Takes those away that the ledger has settled, until none is left. */
async function untilSettled(subject: Subject, missing: Map<string, string>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await withDatabase(subject.databaseUrls.ingestion, async (client) => {
        while (missing.size > 0) {
          const { rows } = await client.query<{ id: string }>(
            `select feedback_id as id from feedback
             where feedback_id = any($1::uuid[]) and settled_revision >= accepted_revision`,
            [[...missing.keys()]],
          );
          for (const { id } of rows) missing.delete(id);
          if (missing.size > 0) await sleep(settledPollMs, undefined, { signal });
        }
      });
      return;
    } catch (error) {
      // Postgres may be away as well.
      if (signal.aborted) throw error;
    }
    await sleep(settledPollMs, undefined, { signal });
  }
}

/** undefined: there was no answer */
async function statusOf(send: () => Promise<{ status: number }>): Promise<number | undefined> {
  try {
    return (await send()).status;
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}
