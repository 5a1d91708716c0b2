import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deadLetterTopic,
  feedbackInbound,
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
} from '@closeloop/contracts';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { startPlatform, type Platform } from './platform.js';
import { TraceCollector } from './trace-collector.fixture.js';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

// The compiled services as processes; `npm test` builds them.
describe('what the running services tell', () => {
  let environment: TestEnvironment;
  let dataDir: string;
  let platform: Platform;
  let collector: TraceCollector;
  let key: string;

  const send = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${platform.urls.ingestion}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body,
    });
  const outcomeOf = async (feedbackId: string): Promise<string | undefined> => {
    const response = await fetch(`${platform.urls.ingestion}/v1/feedback/${feedbackId}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return ((await response.json()) as { outcome?: string }).outcome;
  };

  beforeAll(async () => {
    environment = await testEnvironment();
    dataDir = await mkdtemp(join(tmpdir(), 'closeloop-observability-'));
    collector = await TraceCollector.start();
    const { OIDC_ISSUER: _, ...env } = environment.env;
    platform = await startPlatform({
      dataDir,
      ports: 'free',
      env: {
        PATH: process.env['PATH'],
        ...env,
        NODE_ENV: 'development',
        LOG_LEVEL: 'verbose',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      },
      quiet: true,
    });
    key = await platform.apiKey('spec');
  }, 180_000);
  afterAll(async () => {
    await platform.stop({ removeData: true });
    await collector.close();
    await environment.close();
    await rm(dataDir, { recursive: true, force: true });
  }, 120_000);

  describe('collectors of traces', () => {
    /** Sends feedback as the step `parent` of a trace of its own, and gives both with its id. */
    const accept = async (text: string) => {
      const traceId = hex(16);
      const parent = hex(8);
      const response = await send(
        '/v1/feedback',
        JSON.stringify({ channel: 'review', text, rating: { value: 1, scale: 5 } }),
        {
          traceparent: `00-${traceId}-${parent}-01`,
        },
      );
      expect(response.status).toBe(202);
      const { feedbackId } = (await response.json()) as { feedbackId: string };
      return { traceId, parent, feedbackId };
    };

    /** What goes on beside the way of the feedback, and what of: nothing goes on from it. */
    const beside = [
      'insights: process feedback.routed.v1',
      'insights: process loop.changed.v1',
      'learning: process feedback.tagged.v1',
      'learning: process loop.changed.v1',
      'loop: send team-inbox.{team}.v1',
      'rehearsal: process feedback.routed.v1',
      'rehearsal: process loop.changed.v1',
    ];
    const told = ({ service, name }: { service: string; name: string }): string =>
      `${service}: ${name.replace(/team-inbox\.[a-z-]+\./, 'team-inbox.{team}.')}`;
    /** Of a whole trace */
    const spans = 7 + beside.length;

    it('one trace a feedback, each step the child of the one before, also of those that share a transaction', async () => {
      const sent = await Promise.all(Array.from({ length: 12 }, (_, at) => accept(`The room was cold, number ${at}.`)));
      for (const { traceId, parent, feedbackId } of sent) {
        await eventually(() => expect(collector.trace(traceId)).toHaveLength(spans), { timeoutMs: 20_000 });
        const way = collector.trace(traceId).filter((span) => !beside.includes(told(span)));
        const steps = [];
        for (let of: string | undefined = parent; ;) {
          const next = way.filter(({ parentSpanId }) => parentSpanId === of);
          expect(next.length).toBeLessThanOrEqual(1);
          if (next[0] === undefined) break;
          steps.push(next[0]);
          of = next[0].spanId;
        }
        expect(steps.map(told)).toEqual([
          'ingestion: POST /v1/feedback',
          'ingestion: send feedback.received.v1',
          'sentiment: process feedback.received.v1',
          'routing: process feedback.tagged.v1',
          'loop: process feedback.routed.v1',
          'loop: send loop.changed.v1',
          'ingestion: process loop.changed.v1',
        ]);
        expect(steps.map(({ attributes }) => attributes['closeloop.feedback_id'])).toEqual([
          undefined,
          undefined,
          feedbackId,
          feedbackId,
          feedbackId,
          undefined,
          undefined,
        ]);
        const others = collector.trace(traceId).filter((span) => beside.includes(told(span)));
        expect(others.map(told).sort()).toEqual(beside);
        // each goes on from a step of the way
        for (const { parentSpanId } of others) expect(steps.map(({ spanId }) => spanId)).toContain(parentSpanId);
        for (const { startTimeUnixNano, endTimeUnixNano } of collector.trace(traceId)) {
          expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
        }
      }
      expect(collector.strange).toEqual([]);
    });

    it('nothing of a trace that its sender does not sample', async () => {
      const traceId = hex(16);
      const response = await send('/v1/feedback', JSON.stringify({ channel: 'review', text: 'Nobody is told.' }), {
        traceparent: `00-${traceId}-${hex(8)}-00`,
      });
      const { feedbackId } = (await response.json()) as { feedbackId: string };
      await eventually(async () => expect(await outcomeOf(feedbackId)).toBeDefined(), { timeoutMs: 20_000 });
      const later = await accept('Somebody is told.');
      await eventually(() => expect(collector.trace(later.traceId)).toHaveLength(spans), { timeoutMs: 20_000 });
      expect(collector.trace(traceId)).toEqual([]);
    });

    it('a trace that begins where producers offer feedback over Kafka without one', async () => {
      const externalId = hex(8);
      await environment.publish(feedbackInbound.topic, [
        {
          key: JSON.stringify(['spec', externalId]),
          value: { source: 'spec', externalId, channel: 'review', text: 'From Kafka.' },
          headers: headersOf(feedbackInbound.topic),
        },
      ]);
      const begun = await eventually(
        () => {
          const found = collector.spans.find(({ name }) => name === `process ${feedbackInbound.topic}`);
          expect(found).toBeDefined();
          return found!;
        },
        { timeoutMs: 20_000 },
      );
      expect(begun.parentSpanId).toBeUndefined();
      await eventually(() => expect(collector.trace(begun.traceId)).toHaveLength(spans), { timeoutMs: 20_000 });
    });
  });

  describe('logs', () => {
    // Letters only, so that no escape hides it.
    const secret = 'Quittengelee';

    it('no word and no name of a customer, whatever fails, at the finest level', async () => {
      const person = {
        name: secret,
        email: `${secret}@example.org`,
        handle: secret,
        phone: secret,
        externalId: secret,
      };
      const feedback = {
        channel: 'review',
        text: `It tastes of ${secret}.`,
        title: secret,
        author: person,
        customerKey: secret,
        attributes: { [secret]: secret },
        segments: [secret],
        url: `https://example.org/${secret}`,
      };
      const accepted = await send('/v1/feedback', JSON.stringify(feedback));
      expect(accepted.status).toBe(202);
      const { feedbackId } = (await accepted.json()) as { feedbackId: string };

      const refusals = [
        send('/v1/feedback', `{"text":"${secret}`),
        send('/v1/feedback', `${secret}`),
        send('/v1/feedback', JSON.stringify({ ...feedback, [secret]: secret, channel: secret, rating: secret })),
        send('/v1/feedback', JSON.stringify({ ...feedback, text: `${secret}\u0000` })),
        send('/v1/feedback', JSON.stringify({ ...feedback, text: `${secret}\ud800` })),
        send('/v1/feedback/batch', JSON.stringify([secret, { text: secret }])),
        send(`/v1/webhooks/${secret}/x`, JSON.stringify(feedback)),
        send(
          '/v1/events',
          JSON.stringify({ specversion: '1.0', type: secret, source: secret, id: secret, data: feedback }),
        ),
        send(`/${secret}?${secret}=${secret}`, secret, { [secret]: secret }),
        send('/v1/feedback', JSON.stringify(feedback), { authorization: `Bearer clk_${secret}` }),
        send('/v1/feedback/import', `text,rating\n${secret},${secret}\n"${secret}`, { 'content-type': 'text/csv' }),
      ];
      for (const refusal of await Promise.all(refusals)) {
        await refusal.text();
        expect(refusal.status).toBeLessThan(500);
      }

      await eventually(async () => expect(await outcomeOf(feedbackId)).toBeDefined(), { timeoutMs: 20_000 });
      const [row] = await environment.query<{ body: string }>(
        'ingestion',
        `select convert_from(body, 'UTF8') as body from feedback_body where feedback_id = $1 and part = '1'`,
        [feedbackId],
      );
      const canonical = {
        ...(JSON.parse(row!.body) as object),
        revision: 1,
        receivedAt: new Date().toISOString(),
        contentHash: '0'.repeat(64),
      };
      const tags = {
        language: 'en',
        sentiment: { label: 'negative', score: -0.5 },
        topics: [],
        urgency: 'low',
        model: secret,
      };
      const letters = [feedbackInbound.topic, feedbackReceived.topic, feedbackTagged.topic, feedbackRouted.topic].map(
        async (topic) => {
          const recorded = await environment.record(deadLetterTopic(topic));
          const before = recorded.messages.length;
          const data: object =
            topic === feedbackReceived.topic ? canonical : { feedback: canonical, tagRevision: 1, tags, text: secret };
          const values = [`{"text":"${secret}`, JSON.stringify({ ...data, channel: secret, [secret]: secret }), secret];
          await environment.publish(
            topic,
            [
              ...values.map((value) => ({ value, headers: headersOf(topic) })),
              { value: JSON.stringify(data), headers: { ...headersOf(topic), ce_type: secret } },
              // A revision that passes as a number and that Postgres refuses, if any does.
              { value: JSON.stringify({ ...data, revision: 3e9, tagRevision: 3e9 }), headers: headersOf(topic) },
            ].map((message) => ({ key: secret, ...message })),
          );
          await eventually(() => expect(recorded.messages.length - before).toBeGreaterThanOrEqual(4), {
            timeoutMs: 20_000,
          });
        },
      );
      await Promise.all(letters);

      const files = await readdir(platform.logs);
      const lines = (
        await Promise.all(files.map(async (file) => (await readFile(join(platform.logs, file), 'utf8')).split('\n')))
      ).flat();
      expect(lines.length).toBeGreaterThan(50);
      expect(lines.filter((line) => line.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
      for (const line of lines)
        if (line !== '') expect(JSON.parse(line)).toMatchObject({ service: expect.any(String) });
    });
  });
});

const headersOf = (topic: string): Record<string, string> => ({
  ce_id: hex(16),
  ce_type: topic,
  ce_source: 'spec',
  ce_time: new Date().toISOString(),
  ce_subject: 'spec',
  ce_specversion: '1.0',
  'content-type': 'application/json',
});
