import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  deriveId,
  feedbackIdOf,
  loopIdOf,
  replyEventId,
  replyFailed,
  replyRequested,
  replySent,
  validatorOf,
  type ReplyRequested,
} from '@closeloop/contracts';
import { createService } from '@closeloop/platform';
import { eventually, type Recorder } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { IngestionFixture } from './ingestion.fixture.js';
import { IngestionModule } from './ingestion.module.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(60_000);

let fixture: IngestionFixture;
let folder: string;
let sent: Recorder;
let failed: Recorder;
let receiver: Server;
let receiverUrl: string;

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
const received: Received[] = [];
/** What the receiver does at a path; it takes what it is given everywhere else. */
const behaviours = new Map<string, (nth: number, response: ServerResponse) => void>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replies-'));
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = request.url!;
      received.push({ path, headers: request.headers, body: Buffer.concat(parts).toString() });
      const nth = received.filter((one) => one.path === path).length;
      const behave = behaviours.get(path);
      if (behave) behave(nth, response);
      else response.end(JSON.stringify({ externalId: `at-shop-${nth}` }));
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  fixture = await IngestionFixture.start(2, {
    INGESTION_REPLIES_DIR: folder,
    INGESTION_REPLY_PRIVATE_ADDRESSES: 'true',
    INGESTION_REPLY_RETRY_SECONDS: '1',
    INGESTION_REPLY_GIVE_UP_SECONDS: '6',
  });
  sent = await fixture.test.record(replySent.topic);
  failed = await fixture.test.record(replyFailed.topic);
}, 120_000);
afterAll(async () => {
  await fixture?.stop();
  receiver?.closeAllConnections();
  receiver?.close();
  await rm(folder, { recursive: true, force: true });
});

let count = 0;
function reply(source: string, given: Partial<ReplyRequested> = {}): ReplyRequested {
  const externalId = given.externalId ?? `r-${++count}`;
  const feedbackId = feedbackIdOf(source, externalId);
  const loopId = loopIdOf(feedbackId);
  return {
    ...{ replyId: deriveId('reply', loopId, String(++count)), kind: 'answer', loopId, feedbackId, revision: 1 },
    ...{ source, externalId, channel: 'review', language: 'de', text: `Es tut uns leid ${count} 🙏` },
    at: '2026-03-01T12:00:00.000Z',
    ...given,
  };
}
const ask = (...replies: ReplyRequested[]): Promise<void> =>
  fixture.publish(
    replyRequested,
    replies.map((data) => ({ id: replyEventId('requested', data.replyId), subject: data.feedbackId, data })),
  );
const set = (source: string, sender: object) =>
  fixture.put(`/v1/reply-senders/${source}`, sender, { as: fixture.admin });
const told = (recorder: Recorder, { replyId }: ReplyRequested) =>
  recorder.messages.flatMap(({ value, headers }) => {
    const data = JSON.parse(value.toString()) as {
      replyId: string;
      reason?: string;
      message?: string;
      externalId?: string;
    };
    return data.replyId === replyId ? [{ ...data, id: headers['ce_id'] }] : [];
  });
const linesOf = async (source: string): Promise<string[]> =>
  (await readFile(join(folder, `${source}.ndjson`), 'utf8')).split('\n').filter(Boolean);
const rowOf = async ({ replyId }: ReplyRequested) =>
  (
    await fixture.query<{ state: string; attempts: number; reason: string | null }>(
      'select state, attempts, reason from reply where reply_id = $1',
      [replyId],
    )
  )[0];
const wordsOf = ({ replyId }: ReplyRequested) =>
  fixture.query('select 1 from feedback_body where part = $1', [`reply:${replyId}`]);

describe('a reply for a source that nobody sends for', () => {
  it('has failed at once, and is told once however often it is asked for', async () => {
    const asked = reply('nobody');
    await ask(asked, asked);
    await ask(asked);
    await eventually(() => expect(told(failed, asked)).toMatchObject([{ reason: 'no-sender' }]));
    expect(told(failed, asked)[0]!.id).toBe(replyEventId('failed', asked.replyId));
    const other = reply('nobody');
    await ask(other);
    await eventually(() => expect(told(failed, other)).toHaveLength(1));
    expect(told(failed, asked)).toHaveLength(1);
    expect(await wordsOf(asked)).toEqual([]);
    const isValid = validatorOf(replyFailed.data);
    for (const { value } of failed.messages) expect(isValid(JSON.parse(value.toString()))).toBeUndefined();
  });
});

describe('a file sender', () => {
  it('writes each reply once, whole, by whichever replica, and keeps its words no longer than that', async () => {
    expect((await set('filed', { kind: 'file' })).body).toMatchObject({ kind: 'file', file: 'filed.ndjson' });
    const asked = Array.from({ length: 12 }, () => reply('filed'));
    await ask(...asked, ...asked);
    await ask(...asked);
    await eventually(() => expect(asked.map((one) => told(sent, one).length)).toEqual(asked.map(() => 1)), {
      timeoutMs: 20_000,
    });
    const lines = (await linesOf('filed')).map((line) => JSON.parse(line) as ReplyRequested);
    expect(lines).toHaveLength(12);
    expect(new Map(lines.map((line) => [line.replyId, line]))).toEqual(new Map(asked.map((one) => [one.replyId, one])));
    for (const one of asked) expect(await wordsOf(one)).toEqual([]);
  });

  it('after a crash between writing and noting it, writes nothing twice; a line that was torn off stays alone', async () => {
    await set('crashed', { kind: 'file' });
    const [written, torn] = [reply('crashed'), reply('crashed')];
    await writeFile(
      join(folder, 'crashed.ndjson'),
      `${JSON.stringify(written)}\n${JSON.stringify(torn).slice(0, 150)}`,
    );
    // as a process leaves them that died while it sent
    for (const one of [written, torn]) {
      await fixture.query(
        `with body as (insert into feedback_body (feedback_id, part, body) values ($2, 'reply:' || $1::uuid, convert_to($5, 'UTF8')))
         insert into reply (reply_id, kind, source, loop_id, feedback_id, revision, asked_at, state, attempts, due_at)
         values ($1, 'answer', $3, $4, $2, 1, now(), 'sending', 1, now())`,
        [one.replyId, one.feedbackId, one.source, one.loopId, JSON.stringify(one)],
      );
    }
    await eventually(() => expect([told(sent, written).length, told(sent, torn).length]).toEqual([1, 1]));
    const lines = await linesOf('crashed');
    expect(lines.filter((line) => line === JSON.stringify(written))).toHaveLength(1);
    expect(lines.filter((line) => line === JSON.stringify(torn))).toHaveLength(1);
    expect(lines).toHaveLength(3);
  });

  it('is off where no folder is named', async () => {
    const without = await createService('ingestion', IngestionModule, { env: fixture.test.env, logger: false });
    try {
      const response = await fetch(`${without.url}/v1/reply-senders/off`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${fixture.admin}`, 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'file' }),
      });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('INGESTION_REPLIES_DIR');
      // and there the way to where we are ourselves is closed
      const inside = await fetch(`${without.url}/v1/reply-senders/off`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${fixture.admin}`, 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'webhook', url: `${receiverUrl}/inside` }),
      });
      expect(inside.status).toBe(400);
      expect(await inside.text()).toContain('public internet');
    } finally {
      await without.close();
    }
  });
});

describe('a webhook sender', () => {
  it('signs by Standard Webhooks, tries again under the same id until it is taken, and says what the place calls it', async () => {
    const { body } = await set('hooked', { kind: 'webhook', url: `${receiverUrl}/hooked` });
    const { secret } = body as { secret: string };
    behaviours.set('/hooked', (nth, response) => {
      if (nth === 1) response.writeHead(503, { 'retry-after': '1' }).end();
      else if (nth === 2) response.destroy();
      else response.end(JSON.stringify({ externalId: 'at-shop-7' }));
    });
    const asked = reply('hooked');
    await ask(asked, asked);
    await eventually(() => expect(told(sent, asked)).toMatchObject([{ externalId: 'at-shop-7' }]), {
      timeoutMs: 20_000,
    });
    const came = received.filter(({ path }) => path === '/hooked');
    expect(came.map(({ headers }) => headers['webhook-id'])).toEqual([asked.replyId, asked.replyId, asked.replyId]);
    for (const { headers, body: text } of came) {
      const message = new Webhook(secret).verify(text, headers as Record<string, string>);
      expect(message).toEqual({ type: 'reply-requested.v1', timestamp: asked.at, data: asked });
    }
    expect(await rowOf(asked)).toEqual({ state: 'sent', attempts: 3, reason: null });
  });

  it('keeps its secret when its address changes, signs with both while one is replaced, and never shows one again', async () => {
    const first = ((await set('rotating', { kind: 'webhook', url: `${receiverUrl}/old` })).body as { secret: string })
      .secret;
    expect((await set('rotating', { kind: 'webhook', url: `${receiverUrl}/new` })).body).not.toHaveProperty('secret');
    const { body } = await fixture.post(
      '/v1/reply-senders/rotating/secrets',
      { overlapSeconds: 600 },
      { as: fixture.admin },
    );
    const second = (body as { secret: string }).secret;
    expect(second).not.toBe(first);
    const asked = reply('rotating');
    await ask(asked);
    await eventually(() => expect(told(sent, asked)).toHaveLength(1));
    const [came] = received.filter(({ path }) => path === '/new');
    for (const secret of [first, second])
      new Webhook(secret).verify(came!.body, came!.headers as Record<string, string>);
    const listed = await fixture.get('/v1/reply-senders', { as: fixture.admin });
    expect(JSON.stringify(listed.body)).not.toContain('whsec_');
    expect(JSON.stringify(listed.body)).not.toContain('sealed":"');
  });

  it.each([400, 401, 404, 410, 307])('that answers %i has refused it: nobody asks again', async (status) => {
    const source = `refusing-${status}`;
    await set(source, { kind: 'webhook', url: `${receiverUrl}/${source}` });
    behaviours.set(`/${source}`, (_nth, response) =>
      response.writeHead(status, status === 307 ? { location: `${receiverUrl}/elsewhere` } : {}).end(),
    );
    const asked = reply(source);
    await ask(asked);
    await eventually(() => expect(told(failed, asked)).toMatchObject([{ reason: 'refused' }]));
    expect(received.filter(({ path }) => path === '/elsewhere')).toEqual([]);
    expect(told(failed, asked)[0]!.message).toContain(String(status));
  });

  it('that never takes it is given up; what the same customer is told next waits for that, another customer does not', async () => {
    await set('dead', { kind: 'webhook', url: `${receiverUrl}/dead` });
    behaviours.set('/dead', (_nth, response) => {
      const last = received.at(-1)!;
      if (last.body.includes('never')) response.writeHead(500).end();
      else response.end();
    });
    const first = reply('dead', { externalId: 'one', text: 'never' });
    const second = reply('dead', { externalId: 'one', text: 'next' });
    const other = reply('dead', { externalId: 'two', text: 'other' });
    await ask(first, second, other);
    await eventually(() => expect(told(sent, other)).toHaveLength(1));
    expect(told(failed, first)).toEqual([]);
    await eventually(() => expect(told(failed, first)).toMatchObject([{ reason: 'given-up' }]), { timeoutMs: 20_000 });
    await eventually(() => expect(told(sent, second)).toHaveLength(1));
    const order = received
      .filter(({ path }) => path === '/dead')
      .map(({ body }) => (JSON.parse(body) as { data: ReplyRequested }).data.text);
    expect(order.lastIndexOf('never')).toBeLessThan(order.indexOf('next'));
  });

  it('that hangs keeps nobody else from being answered', async () => {
    await set('hanging', { kind: 'webhook', url: `${receiverUrl}/hanging` });
    await set('quick', { kind: 'webhook', url: `${receiverUrl}/quick` });
    behaviours.set('/hanging', () => undefined);
    const stuck = Array.from({ length: 40 }, () => reply('hanging'));
    await ask(...stuck);
    await eventually(() => expect(received.filter(({ path }) => path === '/hanging').length).toBeGreaterThanOrEqual(4));
    const quick = reply('quick');
    const before = Date.now();
    await ask(quick);
    await eventually(() => expect(told(sent, quick)).toHaveLength(1), { timeoutMs: 10_000 });
    expect(Date.now() - before).toBeLessThan(8_000);
    await fixture.query(
      `update reply set state = 'failed', due_at = null, settled_at = now() where source = 'hanging'`,
    );
  });

  it('whose answer came from a claim that is over counts for nothing', async () => {
    await set('slow', { kind: 'webhook', url: `${receiverUrl}/slow` });
    let answer: (() => void) | undefined;
    behaviours.set('/slow', (nth, response) => {
      if (nth === 1) answer = () => response.writeHead(400).end();
      else response.end();
    });
    const asked = reply('slow');
    await ask(asked);
    await eventually(() => expect(answer).toBeDefined());
    // the lease is over, another replica takes it
    await fixture.query('update reply set due_at = now() where reply_id = $1', [asked.replyId]);
    await eventually(() => expect(told(sent, asked)).toHaveLength(1));
    answer!();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await rowOf(asked)).toMatchObject({ state: 'sent' });
    expect(told(failed, asked)).toEqual([]);
  });
});

describe('whoever is not an admin, and what makes no sense', () => {
  it('is refused', async () => {
    const agent = await fixture.test.token({ sub: 'ann', roles: ['agent'], teams: ['support'] });
    const manager = await fixture.test.token({ sub: 'mia', roles: ['manager'], teams: [] });
    const key = await fixture.key('shop');
    for (const as of [agent, manager, key]) {
      expect((await fixture.put('/v1/reply-senders/shop', { kind: 'file' }, { as })).status).toBe(403);
      expect((await fixture.get('/v1/reply-senders', { as })).status).toBe(403);
      expect((await fixture.post('/v1/reply-senders/shop/secrets', {}, { as })).status).toBe(403);
      expect((await fixture.delete('/v1/reply-senders/shop', { as })).status).toBe(403);
    }
    for (const sender of [
      ...[
        {},
        { kind: 'pigeon' },
        { kind: 'webhook' },
        { kind: 'file', url: receiverUrl },
        { kind: 'file', secret: 'x' },
      ],
      ...[
        { kind: 'webhook', url: 'ftp://x' },
        { kind: 'webhook', url: 'http://me:pw@x.example' },
      ],
      ...[
        { kind: 'webhook', url: receiverUrl, secret: 'whsec_AA' },
        { kind: 'webhook', url: 'no address\0' },
      ],
    ]) {
      expect([sender, (await set('shop', sender)).status]).toEqual([sender, 400]);
    }
    expect((await set('Not-A-Source', { kind: 'file' })).status).toBe(400);
    expect((await set('..%2f..%2fetc', { kind: 'file' })).status).toBe(400);
    expect((await fixture.post('/v1/reply-senders/nowhere/secrets', {}, { as: fixture.admin })).status).toBe(404);
    expect((await fixture.delete('/v1/reply-senders/nowhere', { as: fixture.admin })).status).toBe(404);
  });

  it('a sender that is taken away sends no more, and every change is audited', async () => {
    await set('short', { kind: 'file' });
    expect((await fixture.delete('/v1/reply-senders/short', { as: fixture.admin })).status).toBe(204);
    const asked = reply('short');
    await ask(asked);
    await eventually(() => expect(told(failed, asked)).toMatchObject([{ reason: 'no-sender' }]));
    const audit = await fixture.query(
      `select actor, action, before, after from audit_log where resource = 'short' order by id`,
    );
    expect(audit).toEqual([
      { actor: 'ada', action: 'reply-sender.set', before: null, after: { kind: 'file', newSecret: false } },
      { actor: 'ada', action: 'reply-sender.removed', before: { kind: 'file' }, after: null },
    ]);
  });
});

describe('a request that cannot be read', () => {
  it('is a dead letter of its feedback that leaves the ledger alone; mended and sent again, it is settled', async () => {
    await set('lettered', { kind: 'file' });
    const { body } = await fixture.post(
      '/v1/feedback',
      { channel: 'review', externalId: 'd-1', text: 'Hello?' },
      {
        as: await fixture.key('lettered'),
      },
    );
    const { feedbackId } = body as { feedbackId: string };
    const bad = { ...reply('lettered', { feedbackId }), text: 7 } as unknown as ReplyRequested;
    await ask(bad);
    const letters = async () =>
      fixture.query<{
        letter_id: string;
        feedback_id: string;
        revision: number | null;
        settled_at: Date | null;
        source: string;
      }>(
        `select letter_id, feedback_id, revision, settled_at, source from dead_letter where topic = 'reply-requested.v1'`,
      );
    await eventually(async () =>
      expect(await letters()).toMatchObject([{ feedback_id: feedbackId, revision: null, source: 'lettered' }]),
    );
    expect(await fixture.query('select dead from feedback where feedback_id = $1', [feedbackId])).toEqual([
      { dead: '' },
    ]);
    const [letter] = await letters();
    // what makes it readable after all: here the value itself is mended, in production a later version
    await fixture.query(`update feedback_body set body = convert_to($2, 'UTF8') where part = $1`, [
      letter!.letter_id,
      JSON.stringify({ ...bad, text: 'Sorry' }),
    ]);
    await fixture.post('/v1/dead-letters/replay', { ids: [letter!.letter_id] }, { as: fixture.admin });
    await eventually(() => expect(told(sent, bad)).toHaveLength(1));
    await eventually(async () => expect((await letters())[0]!.settled_at).not.toBeNull());
  });
});
