import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { type Answer, bearer, EdgesFixture } from './edges.fixture.js';
import { openApiDocument } from './inbound/openapi.js';

const sealingKey = Buffer.alloc(32, 3).toString('base64');
const feedback = (externalId: string, more: object = {}) => ({
  channel: 'review',
  externalId,
  text: 'The queue was long.',
  ...more,
});

describe('the edges of ingestion', () => {
  let edges: EdgesFixture;
  beforeAll(async () => {
    edges = await EdgesFixture.start({ WEBHOOK_SECRETS_KEY: sealingKey });
  });
  afterAll(() => edges.stop());

  describe('CloudEvents over HTTP', () => {
    const event = (id: string, data: unknown, more: object = {}) => ({
      specversion: '1.0',
      id,
      source: '/reviews',
      type: 'feedback.inbound.v1',
      data,
      ...more,
    });
    let key: string;
    beforeAll(async () => {
      key = await edges.key('events');
    });
    const sendStructured = (body: unknown) =>
      edges.post('/v1/events', body, { ...bearer(key), 'content-type': 'application/cloudevents+json' });
    const sendBatch = (body: unknown) =>
      edges.post('/v1/events', body, { ...bearer(key), 'content-type': 'application/cloudevents-batch+json' });

    it('are taken in binary mode, with percent-encoded attributes', async () => {
      const headers = {
        ...bearer(key),
        'ce-specversion': '1.0',
        'ce-id': 'caf%C3%A9-1',
        'ce-source': '/reviews',
        'ce-type': 'feedback.inbound.v1',
      };
      const first = await edges.post('/v1/events', feedback('binary-1'), headers);
      expect(first.status).toBe(202);
      expect(first.body).toMatchObject({ result: 'accepted', revision: 1 });
      const again = await edges.post('/v1/events', feedback('binary-1'), headers);
      expect(again.status).toBe(200);
      expect(again.body).toMatchObject({ result: 'duplicate', feedbackId: first.body.feedbackId });
      const without = await edges.post('/v1/events', feedback('binary-2'), bearer(key));
      expect(without.status).toBe(400);
      expect(without.body.errors.map((one: { pointer: string }) => one.pointer)).toContain('/specversion');
    });

    it('are taken in structured mode, data in base64 too', async () => {
      const sent = await sendStructured(event('s1', feedback('structured-1')));
      expect(sent.status).toBe(202);
      const data_base64 = Buffer.from(JSON.stringify(feedback('structured-1'))).toString('base64');
      const encoded = await sendStructured(event('s2', undefined, { data_base64 }));
      expect(encoded.body).toMatchObject({ result: 'duplicate', feedbackId: sent.body.feedbackId });
    });

    it('are taken as a batch, with a result for each', async () => {
      const answer = await sendBatch([
        event('b1', feedback('batched-1')),
        event('b2', feedback('batched-1')),
        event('b3', feedback('batched-2'), { type: 'order.placed.v1' }),
        event('b4', { channel: 'telepathy' }),
        'no event',
      ]);
      expect(answer.status).toBe(200);
      expect(answer.body.map((one: { index: number; result: string }) => [one.index, one.result])).toEqual([
        [0, 'accepted'],
        [1, 'duplicate'],
        [2, 'rejected'],
        [3, 'rejected'],
        [4, 'rejected'],
      ]);
      expect(answer.body[2].problem.errors[0]).toMatchObject({
        pointer: '/type',
        message: expect.stringContaining('order.placed.v1'),
      });
    });

    it('of an unknown type are refused by its name', async () => {
      const answer = await sendStructured(event('x', feedback('x'), { type: 'order.placed.v1' }));
      expect(answer.status).toBe(400);
      expect(answer.body.type).toBe('urn:closeloop:invalid');
      expect(answer.text).toContain('order.placed.v1');
    });

    it('without an external id are known again by their source and id', async () => {
      const anonymous = { channel: 'chat', text: 'hello' };
      const first = await sendStructured(event('same', anonymous));
      const again = await sendStructured(event('same', anonymous));
      const other = await sendStructured(event('other', anonymous));
      expect(again.body).toEqual({ ...first.body, result: 'duplicate' });
      expect(other.body.feedbackId).not.toBe(first.body.feedbackId);
    });

    it('are at most 1,000 in a batch, and an array', async () => {
      const many = Array.from({ length: 1001 }, (_, at) => event(String(at), feedback(String(at))));
      expect((await sendBatch(many)).status).toBe(400);
      expect((await sendBatch([])).status).toBe(400);
      expect((await sendBatch(event('a', feedback('a')))).status).toBe(400);
    });
  });

  describe('webhooks', () => {
    let secret: string;
    let sequence = 0;
    beforeAll(async () => {
      const created = await edges.post(
        '/v1/webhook-connectors',
        { name: 'survey', source: 'surveys' },
        bearer(edges.admin),
      );
      expect(created.status).toBe(201);
      secret = created.body.secret;
    });

    interface Delivery {
      secrets?: string[];
      id?: string;
      at?: Date;
      headers?: Record<string, string>;
      tamper?: (body: string) => string;
    }
    const deliver = (connector: string, payload: unknown, options: Delivery = {}): Promise<Answer> => {
      const { id = `msg_${(sequence += 1)}`, at = new Date(), tamper = (body: string) => body } = options;
      const body = JSON.stringify(payload);
      const signatures = (options.secrets ?? [secret]).map((one) => new Webhook(one).sign(id, at, body));
      return edges.send(
        'POST',
        `/v1/webhooks/${connector}`,
        {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': signatures.join(' '),
          ...options.headers,
        },
        tamper(body),
        'application/json',
      );
    };

    it('are taken with the right signature, and as the source of their connector', async () => {
      const answer = await deliver('survey', feedback('hook-1'));
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ result: 'accepted' });
      expect(answer.headers.get('ratelimit')).toContain('"events"');
      const [row] = await edges.test.query('ingestion', 'select source from feedback where feedback_id = $1', [
        answer.body.feedbackId,
      ]);
      expect(row).toEqual({ source: 'surveys' });
    });

    it('are refused, all alike, when anything about the signature is wrong', async () => {
      const before = await edges.feedbackOf('surveys');
      const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
      const minutes = (count: number) => new Date(Date.now() + count * 60_000);
      const refused = [
        await deliver('survey', feedback('forged'), { secrets: [other] }),
        await deliver('survey', feedback('forged'), { tamper: (body) => body.replace('long', 'short') }),
        // the same JSON, other bytes: what was signed is the bytes
        await deliver('survey', feedback('forged'), { tamper: (body) => `${body} ` }),
        await deliver('survey', feedback('forged'), { at: minutes(-6) }),
        await deliver('survey', feedback('forged'), { at: minutes(6) }),
        await deliver('survey', feedback('forged'), { headers: { 'webhook-id': 'another' } }),
        await deliver('nobody', feedback('forged')),
        await edges.post('/v1/webhooks/survey', feedback('forged')),
      ];
      expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401));
      expect(new Set(refused.map(({ body }) => body.detail)).size).toBe(1);
      expect(await edges.feedbackOf('surveys')).toBe(before);
    });

    it('repeated under their id get the results they had', async () => {
      const first = await deliver('survey', { channel: 'survey', text: 'fine' }, { id: 'msg_same' });
      const again = await deliver('survey', { channel: 'survey', text: 'fine' }, { id: 'msg_same' });
      expect(first.status).toBe(202);
      expect(again.body).toEqual(first.body);
      expect(again.status).toBe(202);
    });

    it('may carry many feedbacks, and an envelope', async () => {
      const events = [feedback('many-1'), { channel: 'review', text: 7 }];
      for (const payload of [
        events,
        { events },
        { type: 'feedback.sent', timestamp: '2026-01-01T00:00:00Z', data: { events } },
      ]) {
        const answer = await deliver('survey', payload);
        expect(answer.status).toBe(200);
        expect(answer.body).toHaveLength(2);
        expect(answer.body[1]).toMatchObject({
          index: 1,
          result: 'rejected',
          problem: {
            errors: expect.arrayContaining([expect.objectContaining({ pointer: '/text', rule: 'isString' })]),
          },
        });
      }
    });

    it('take the old and the new secret while it is rotated, and only the new one after', async () => {
      const created = await edges.post(
        '/v1/webhook-connectors',
        { name: 'rotating', source: 'rotating' },
        bearer(edges.admin),
      );
      const old = created.body.secret as string;
      const rotated = await edges.post(
        '/v1/webhook-connectors/rotating/secrets',
        { overlapSeconds: 2 },
        bearer(edges.admin),
      );
      expect(rotated.status).toBe(201);
      const fresh = rotated.body.secret as string;
      expect(rotated.body.secrets).toHaveLength(2);
      expect((await deliver('rotating', feedback('r1'), { secrets: [old] })).status).toBe(202);
      expect((await deliver('rotating', feedback('r2'), { secrets: [fresh] })).status).toBe(202);
      expect(
        (
          await deliver('rotating', feedback('r3'), {
            secrets: [`whsec_${Buffer.alloc(24, 1).toString('base64')}`, fresh],
          })
        ).status,
      ).toBe(202);
      await sleep(2100);
      expect((await deliver('rotating', feedback('r4'), { secrets: [old] })).status).toBe(401);
      expect((await deliver('rotating', feedback('r4'), { secrets: [fresh] })).status).toBe(202);
    });

    it('keep their secrets sealed, and show them once', async () => {
      const own = `whsec_${Buffer.from('a secret of the sender, 32 bytes').toString('base64')}`;
      const created = await edges.post(
        '/v1/webhook-connectors',
        { name: 'sealed', source: 'sealed', secret: own },
        bearer(edges.admin),
      );
      expect(created.body).toMatchObject({ secret: own, secrets: [{ sealed: true, expiresAt: null }] });
      expect((await edges.get('/v1/webhook-connectors', bearer(edges.admin))).text).not.toContain(own);
      const [row] = await edges.test.query<{ sealed: Buffer }>(
        'ingestion',
        'select sealed from webhook_secret where connector = $1',
        ['sealed'],
      );
      expect(row!.sealed.includes(Buffer.from(own.slice('whsec_'.length), 'base64'))).toBe(false);
      expect((await deliver('sealed', feedback('s'), { secrets: [own] })).status).toBe(202);
      // a row's secret put into another row opens nothing
      await edges.test.query(
        'ingestion',
        `insert into webhook_connector (name, source, mapping, created_by) values ('thief', 'sealed', 'feedback-input.v1', 'x')`,
      );
      await edges.test.query(
        'ingestion',
        `insert into webhook_secret (id, connector, sealed) select gen_random_uuid(), 'thief', sealed from webhook_secret where connector = 'sealed'`,
      );
      expect((await deliver('thief', feedback('t'), { secrets: [own] })).status).toBe(503);
    });

    it('are set up by admins only, audited, and gone when deleted', async () => {
      const manager = await edges.test.token({ sub: 'max', roles: ['manager'] });
      expect((await edges.post('/v1/webhook-connectors', { name: 'x', source: 'x' }, bearer(manager))).status).toBe(
        403,
      );
      const create = (body: object) => edges.post('/v1/webhook-connectors', body, bearer(edges.admin));
      const created = await create({ name: 'gone', source: 'gone' });
      expect((await create({ name: 'gone', source: 'gone' })).status).toBe(409);
      expect((await create({ name: 'Not good', source: 'gone' })).status).toBe(400);
      expect((await create({ name: 'weak', source: 'gone', secret: 'whsec_c2hvcnQ=' })).status).toBe(400);
      expect((await edges.send('DELETE', '/v1/webhook-connectors/gone', bearer(edges.admin))).status).toBe(204);
      expect((await edges.send('DELETE', '/v1/webhook-connectors/gone', bearer(edges.admin))).status).toBe(404);
      expect((await deliver('gone', feedback('g'), { secrets: [created.body.secret] })).status).toBe(401);
      const audit = await edges.test.query<{ action: string; actor: string }>(
        'ingestion',
        `select action, actor from audit_log where resource = 'gone' order by id`,
      );
      expect(audit).toEqual([
        { action: 'webhook-connector.created', actor: 'ada' },
        { action: 'webhook-connector.deleted', actor: 'ada' },
      ]);
    });
  });

  describe('bounds', () => {
    let key: string;
    beforeAll(async () => {
      key = await edges.key('bounds');
    });

    it('on bodies are 1 MiB for one and 16 MiB for many, counted as unpacked', async () => {
      const padded = (bytes: number) => JSON.stringify([feedback('p', { attributes: { filler: ' '.repeat(bytes) } })]);
      const send = (path: string, body: Uint8Array, headers: object = {}) =>
        edges.send('POST', path, { ...bearer(key), ...headers }, body, 'application/json');
      const packed = { 'content-encoding': 'gzip' };
      expect((await send('/v1/feedback', Buffer.from(padded(1_048_576)))).status).toBe(413);
      expect((await send('/v1/feedback/batch', Buffer.from(padded(16 * 1_048_576)))).status).toBe(413);
      const bomb = gzipSync(padded(64 * 1_048_576));
      expect(bomb.length).toBeLessThan(100_000);
      for (const path of ['/v1/feedback', '/v1/feedback/batch']) {
        const answer = await send(path, bomb, packed);
        expect(answer.status).toBe(413);
        expect(answer.body.type).toBe('urn:closeloop:too-large');
      }
      const events = { ...packed, 'content-type': 'application/cloudevents-batch+json' };
      expect((await edges.send('POST', '/v1/events', { ...bearer(key), ...events }, bomb)).status).toBe(413);
      expect((await edges.send('POST', '/v1/webhooks/survey', packed, bomb, 'application/json')).status).toBe(413);
      const small = await send('/v1/feedback', gzipSync(JSON.stringify(feedback('gzipped'))), packed);
      expect(small.status).toBe(202);
    });

    it('on nesting hold at every way in', async () => {
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      const send = (path: string, type: string) => edges.send('POST', path, bearer(key), deep, type);
      for (const answer of [
        await send('/v1/feedback', 'application/json'),
        await send('/v1/feedback/batch', 'application/json'),
        await send('/v1/events', 'application/cloudevents+json'),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.body.errors[0].rule).toBe('depth');
      }
      const imported = await send('/v1/feedback/import', 'application/x-ndjson');
      expect(JSON.parse(imported.text.split('\n')[0]!)).toMatchObject({ line: 1, errors: [{ rule: 'depth' }] });
    });
  });

  describe('OpenAPI', () => {
    it('describes every route of the running service, and none besides', () => {
      const registered = edges.service.routes
        .filter(({ method }) => method !== 'HEAD')
        .map(({ method, path }) => `${method} ${path}`);
      const described = Object.entries(openApiDocument('1').paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
      );
      expect(registered).toContain('POST /v1/feedback');
      expect(described.sort()).toEqual(registered.sort());
    });

    it('is served to anybody, with a page that needs nothing from elsewhere', async () => {
      const document = await edges.get('/openapi.json');
      expect(document.status).toBe(200);
      expect(document.body.openapi).toBe('3.1.1');
      const page = await edges.get('/docs');
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.text).not.toMatch(/https?:\/\//);
      const files = [...page.text.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)].map(([, file]) => file!);
      expect(files.length).toBeGreaterThanOrEqual(3);
      for (const file of files) {
        const asset = await edges.get(`/${file}`);
        expect(asset.status).toBe(200);
        expect(asset.text.length).toBeGreaterThan(100);
      }
      for (const file of ['package.json', '..%2fpackage.json', '__proto__', 'swagger-ui-bundle.js.map']) {
        expect((await edges.get(`/docs/${file}`)).status).toBe(404);
      }
    });
  });
});

describe('the rate limit', () => {
  let edges: EdgesFixture;
  beforeAll(async () => {
    edges = await EdgesFixture.start({ RATE_LIMIT_EVENTS_PER_SECOND: '1', RATE_LIMIT_BURST: '20' });
  });
  afterAll(() => edges.stop());

  it('counts events, not requests, for each key by itself', async () => {
    const [key, other] = [await edges.key('limited'), await edges.key('limited')];
    const batch = (size: number, name: string) =>
      edges.post(
        '/v1/feedback/batch',
        Array.from({ length: size }, (_, at) => feedback(`${name}-${at}`)),
        bearer(key),
      );
    const first = await batch(20, 'a');
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"events";q=20;w=20');
    expect(first.headers.get('ratelimit')).toBe('"events";r=0;t=20');
    const before = await edges.feedbackOf('limited');
    const refused = await batch(15, 'b');
    expect(refused.status).toBe(429);
    expect(refused.body.type).toBe('urn:closeloop:rate-limited');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await edges.feedbackOf('limited')).toBe(before);
    expect((await edges.post('/v1/feedback', feedback('c'), bearer(other))).status).toBe(202);
  });

  it('holds for events and for webhooks, by connector', async () => {
    const key = await edges.key('limited-events');
    const event = (id: number) => ({
      specversion: '1.0',
      id: String(id),
      source: '/x',
      type: 'feedback.inbound.v1',
      data: feedback(`e${id}`),
    });
    const events = (from: number) =>
      edges.post(
        '/v1/events',
        Array.from({ length: 20 }, (_, at) => event(from + at)),
        {
          ...bearer(key),
          'content-type': 'application/cloudevents-batch+json',
        },
      );
    expect((await events(0)).status).toBe(200);
    expect((await events(20)).status).toBe(429);

    const { body } = await edges.post(
      '/v1/webhook-connectors',
      { name: 'limited', source: 'hooks' },
      bearer(edges.admin),
    );
    const deliver = (id: string) => {
      const payload = JSON.stringify(Array.from({ length: 20 }, (_, at) => feedback(`${id}-${at}`)));
      const now = new Date();
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(body.secret as string).sign(id, now, payload),
      };
      return edges.send('POST', '/v1/webhooks/limited', headers, payload, 'application/json');
    };
    expect((await deliver('one')).status).toBe(200);
    expect((await deliver('two')).status).toBe(429);
  });

  it('slows an import down instead of refusing it', async () => {
    const key = await edges.key('paced');
    await edges.post(
      '/v1/feedback/batch',
      Array.from({ length: 22 }, (_, at) => feedback(`x${at}`)),
      bearer(key),
    );
    const started = performance.now();
    const lines = [feedback('slow')].map((line) => JSON.stringify(line)).join('\n');
    const answer = await edges.send('POST', '/v1/feedback/import', bearer(key), lines, 'application/x-ndjson');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ summary: { lines: 1, accepted: 1 } });
    // two events of debt and one to come, at one a second
    expect(performance.now() - started).toBeGreaterThan(1500);
  });

  it('holds the sender of a long import back, and lets go of it when it goes away', async () => {
    const key = await edges.key('held');
    const upload = request(`${edges.service.url}/v1/feedback/import`, {
      method: 'POST',
      headers: { ...bearer(key), 'content-type': 'application/x-ndjson' },
    });
    upload.on('error', () => undefined);
    const lines = `${JSON.stringify(feedback('held', { text: 'x'.repeat(19_000) }))}\n`.repeat(50);
    let written = 0;
    let stuck = false;
    while (!stuck && written < 64 * 1024 * 1024) {
      written += lines.length;
      if (upload.write(lines)) continue;
      stuck = await Promise.race([once(upload, 'drain').then(() => false), sleep(2000).then(() => true)]);
    }
    // a batch at hand, one waiting, and what sockets hold on both sides
    expect(stuck).toBe(true);
    expect(written).toBeLessThan(24 * 1024 * 1024);
    // the service would wait for minutes to go on; it must not when nobody is there
    upload.destroy();
    const started = performance.now();
    await edges.service.close();
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
