import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { feedbackInbound, sha256 } from '@closeloop/contracts';
import { Kafka, logLevel } from 'kafkajs';

/** What a connector needs to reach the platform. */
export interface Access {
  /** Of the ingestion service */
  url: string;
  apiKey: string;
  source: string;
}

const batchSize = 100;
/** Items with one id go through one lane, so that its revisions stay in their order. */
const lanes = 4;

/** Sends a request until it was answered by something other than "come back later". */
async function send(
  access: Access,
  path: string,
  init: { headers?: Record<string, string>; body: string },
): Promise<Response> {
  const headers = { authorization: `Bearer ${access.apiKey}`, 'content-type': 'application/json', ...init.headers };
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${access.url}${path}`, { method: 'POST', headers, body: init.body });
    if ((response.status !== 429 && response.status !== 503) || attempt === 60) return response;
    await response.body?.cancel();
    await sleep(1000 * Number(response.headers.get('retry-after') ?? 1));
  }
}

async function mustAnswer(response: Response, ...statuses: number[]): Promise<void> {
  const body = await response.text();
  if (!statuses.includes(response.status)) throw new Error(`${response.url} answered ${response.status}: ${body}`);
}

/** One request for each feedback. */
export async function sendOne(access: Access, feedback: unknown): Promise<void> {
  // 400: the service refused it, and counts it so
  await mustAnswer(await send(access, '/v1/feedback', { body: JSON.stringify(feedback) }), 200, 202, 400);
}

/** A hundred a request, several requests at a time; returns how many went out. `sent` hears of each batch. */
export async function sendBatches(
  access: Access,
  feedback: AsyncIterable<unknown> | Iterable<unknown>,
  sent: (count: number) => void = () => undefined,
): Promise<number> {
  let total = 0;
  const waiting = Array.from({ length: lanes }, () => [] as unknown[]);
  const busy = Array.from({ length: lanes }, () => Promise.resolve());
  const flush = async (lane: number): Promise<void> => {
    const batch = waiting[lane]!.splice(0);
    if (batch.length === 0) return;
    await busy[lane];
    busy[lane] = send(access, '/v1/feedback/batch', {
      body: JSON.stringify(batch),
      // a retry of this request counts nothing twice
      headers: { 'idempotency-key': randomUUID() },
    }).then(async (response) => {
      await mustAnswer(response, 200);
      sent(batch.length);
    });
    // heard of at the next await of this lane
    busy[lane].catch(() => undefined);
  };
  for await (const item of feedback) {
    const id = (item as { externalId?: string } | null)?.externalId ?? String(total);
    const lane = parseInt(sha256(id).slice(0, 4), 16) % lanes;
    total++;
    if (waiting[lane]!.push(item) === batchSize) await flush(lane);
  }
  for (let lane = 0; lane < lanes; lane++) await flush(lane);
  await Promise.all(busy);
  return total;
}

/** CloudEvents over HTTP, in batched mode. */
export async function sendCloudEvents(access: Access, feedback: readonly { externalId?: string }[]): Promise<void> {
  const events = feedback.map((data) => ({
    specversion: '1.0',
    id: `demo-${data.externalId}`,
    type: feedbackInbound.topic,
    source: `/${access.source}`,
    datacontenttype: 'application/json',
    data,
  }));
  await mustAnswer(
    await send(access, '/v1/events', {
      body: JSON.stringify(events),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    }),
    200,
    202,
  );
}

/** A file, as a stream of lines. */
export async function sendImport(access: Access, feedback: readonly unknown[]): Promise<void> {
  await mustAnswer(
    await send(access, '/v1/feedback/import?historic=false', {
      body: feedback.map((item) => `${JSON.stringify(item)}\n`).join(''),
      headers: { 'content-type': 'application/x-ndjson' },
    }),
    200,
  );
}

/** Signed as Standard Webhooks asks: HMAC-SHA256 over "id.timestamp.body". */
export async function sendWebhook(access: Access, connector: string, secret: string, payload: object): Promise<void> {
  const id = randomUUID();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const body = JSON.stringify(payload);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  await mustAnswer(
    await send(access, `/v1/webhooks/${connector}`, {
      body,
      headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    }),
    200,
    202,
  );
}

/** As a producer in any language does it: CloudEvents in Kafka's binary mode, to the inbound topic. */
export async function sendToKafka(
  brokers: string,
  topic: string,
  messages: readonly { key: string; value: string }[],
): Promise<void> {
  const producer = new Kafka({ clientId: 'demo', brokers: brokers.split(','), logLevel: logLevel.ERROR }).producer({
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  try {
    await producer.send({
      topic,
      messages: messages.map((message) => ({
        ...message,
        headers: {
          ce_specversion: '1.0',
          ce_id: randomUUID(),
          ce_type: feedbackInbound.topic,
          ce_source: '/demo',
          'content-type': 'application/json',
        },
      })),
    });
  } finally {
    await producer.disconnect();
  }
}
