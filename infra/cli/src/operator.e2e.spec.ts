import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  feedbackIdOf,
  feedbackInbound,
  feedbackRouted,
  feedbackTagged,
  loopIdOf,
  pipeline,
} from '@closeloop/contracts';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { closeloop } from './closeloop.js';
import { startPlatform, type Platform } from './platform.js';
import { workspaceRoot } from './workspace.js';

jest.setTimeout(90_000);

// The compiled services as processes; `npm test` builds them.
describe('what an operator does', () => {
  let environment: TestEnvironment;
  let dataDir: string;
  let platform: Platform;
  let key: string;
  let token: string;
  const source = 'operated';

  beforeAll(async () => {
    environment = await testEnvironment({ prefix: 'operator' });
    dataDir = await mkdtemp(join(tmpdir(), 'closeloop-operator-'));
    const { OIDC_ISSUER: _, ...env } = environment.env;
    platform = await startPlatform({
      dataDir,
      ports: 'free',
      env: { PATH: process.env['PATH'], ...env, NODE_ENV: 'development' },
      quiet: true,
    });
    key = await platform.apiKey(source);
    token = await platform.token({ sub: 'ann', roles: ['agent'], teams: ['triage'] });
  }, 180_000);
  afterAll(async () => {
    await platform?.stop({ removeData: true });
    await environment.close();
    await rm(dataDir, { recursive: true, force: true });
  }, 120_000);

  /** Runs the command as a person in this checkout would, against the platform of this spec. */
  async function run(
    ...given: (string | Record<string, string>)[]
  ): Promise<{ code: number; out: string; err: string }> {
    const words = given.filter((word) => typeof word === 'string');
    let out = '';
    let err = '';
    const code = await closeloop(words, {
      env: {
        PATH: process.env['PATH'],
        ...connectionsOf(platform),
        ...Object.assign({}, ...given.filter((word) => typeof word !== 'string')),
      },
      dataDir,
      out: (text) => void (out += text),
      err: (text) => void (err += text),
    });
    return { code, out, err };
  }
  const json = async <T = Record<string, never>>(...words: string[]): Promise<T> =>
    JSON.parse((await run(...words, '--json')).out) as T;
  let count = 0;
  /** Accepts a feedback and waits for what becomes of it. */
  async function accept(more: object = {}): Promise<{ feedbackId: string; externalId: string }> {
    const externalId = `e-${count++}`;
    const response = await fetch(`${platform.urls.ingestion}/v1/feedback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'review', externalId, text: 'The room was dirty and the staff rude.', ...more }),
    });
    expect(response.status).toBe(202);
    const feedbackId = feedbackIdOf(source, externalId);
    await settled(feedbackId);
    return { feedbackId, externalId };
  }
  const settled = (feedbackId: string) =>
    eventually(async () => expect(await json('trace', feedbackId)).toMatchObject({ status: 'settled' }));
  /** As if it had been accepted so long ago that it is not under way any more. */
  const age = (feedbackId: string) =>
    environment.query('ingestion', `update feedback set accepted_at = now() - interval '1 h' where feedback_id = $1`, [
      feedbackId,
    ]);

  it('sees how each stage is doing', async () => {
    await accept();
    // until each replica has looked at the ends of its logs
    await eventually(async () => expect((await run('status')).out).toMatch(/^loop +1\/1 +\d+ +0 +0 /m), {
      timeoutMs: 30_000,
    });
    const { code, out } = await run('status');
    expect(out).toMatch(/^stage +ready +received +waiting +lag +oldest +dead letters$/m);
    for (const service of ['ingestion', 'sentiment', 'learning', 'routing', 'rehearsal', 'loop', 'insights'])
      expect(out).toMatch(new RegExp(`^${service} +1/1`, 'm'));
    expect(code).toBe(0);
    expect(await json('status')).toMatchObject({
      good: true,
      stuck: [],
      unready: [],
      ledger: { missing: 0 },
      stages: [
        { service: 'ingestion', received: 1, waiting: 0 },
        { service: 'sentiment' },
        { service: 'learning', waiting: 0, deadLetters: null },
        { service: 'routing' },
        { service: 'rehearsal', waiting: 0, deadLetters: null },
        { service: 'loop', deadLetters: 0 },
        { service: 'insights', waiting: 0, deadLetters: 0 },
      ],
    });
  });

  it('follows one feedback through every step', async () => {
    const { feedbackId } = await accept();
    const { code, out } = await run('trace', feedbackId);
    expect(code).toBe(0);
    for (const step of ['accepted', 'sentiment', 'routing', 'loop', 'ingestion'])
      expect(out).toMatch(new RegExp(` ${step} `));
    expect(out).toMatch(/feedback\.tagged\.v1 \d\/\d+, attempt 1/);
    expect((await run('trace', loopIdOf(feedbackId))).code).toBe(1);
  });

  it('finds a poison, sends it again, gives it up', async () => {
    await environment.publish(feedbackTagged.topic, [
      { key: loopIdOf('poison'), value: '{"half": ', headers: headersOf(feedbackTagged.topic) },
    ]);
    const filter = ['--group', pipeline.routing.group];
    type Letters = { id: string; reason: string; state: string }[];
    await eventually(async () => expect(await json<Letters>('dead-letters', 'list', ...filter)).toHaveLength(1));
    const [letter] = await json<Letters>('dead-letters', 'list', ...filter);
    expect((await run('dead-letters', 'list', '--reason', 'invalid-json')).out).toContain(letter!.id);
    const shown = await run('dead-letters', 'show', letter!.id, '--value');
    expect(shown.out).toMatch(/^where +feedback\.tagged\.v1, partition \d, offset \d+$/m);
    expect(shown.out).toMatch(/^value +\{"half": $/m);
    expect((await run('status')).out).toMatch(/^routing .* 1$/m);

    // it is as bad as before: said at once, with the letter that it became
    const again = await run('dead-letters', 'replay', letter!.id);
    expect(again).toMatchObject({ code: 1, out: expect.stringMatching(/ sent +failed-again as [0-9a-f-]{36}/) });
    expect((await run('dead-letters', 'replay', letter!.id)).out).toMatch(/failed-again +failed-again as/);
    const because = ['--because', 'a test'];
    expect((await run('dead-letters', 'discard', ...filter)).code).toBe(2);
    expect(await run('dead-letters', 'discard', ...filter, ...because)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/discarded/),
    });
    expect((await run('dead-letters', 'discard', ...filter, ...because)).out).toBe('There is none to be discarded.\n');
    expect(await json<Letters>('dead-letters', 'list', '--state', 'discarded')).toHaveLength(1);
  });

  it('sends again what a deploy has learnt to take, and is told that it is settled', async () => {
    await environment.publish(feedbackInbound.topic, [
      {
        key: 'k',
        value: { source: 'feed', externalId: '1', channel: 'carrier pigeon' },
        headers: headersOf(feedbackInbound.topic),
      },
    ]);
    await eventually(async () =>
      expect((await run('dead-letters', 'list', '--source', 'feed')).out).toContain('invalid-schema'),
    );
    await environment.query(
      'ingestion',
      `update feedback_body set body = convert_to($1, 'UTF8') where part = (select letter_id::text from dead_letter where source = 'feed')`,
      [JSON.stringify({ source: 'feed', externalId: '1', channel: 'review', text: 'Hello.' })],
    );
    expect(await run('dead-letters', 'replay', '--source', 'feed')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/ sent +settled/),
    });
    await settled(feedbackIdOf('feed', '1'));
  });

  it('compares both ends, and mends by a republish what was lost between them', async () => {
    const good = await run('reconcile');
    expect(good).toMatchObject({ code: 0, out: expect.stringContaining('Nothing differs.') });

    // the loop service never saw one
    const { feedbackId: lost } = await accept({ historic: true });
    await environment.query('loop', 'delete from feedback where feedback_id = $1', [lost]);
    // the ledger was not told of another
    const { feedbackId: untold } = await accept();
    await environment.query(
      'ingestion',
      `update feedback set settled_revision = 0, settlement = 0, outcome = null, loop_id = null, resolved = '' where feedback_id = $1`,
      [untold],
    );
    await age(untold);
    // nor of what an agent did
    const { feedbackId: moved } = await accept();
    const loopId = loopIdOf(moved);
    const acknowledged = await fetch(`${platform.urls.loop}/v1/loops/${loopId}/acknowledge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await adminToken()}`, 'if-match': '"1"' },
    });
    expect(acknowledged.status).toBe(200);
    await eventually(async () => expect(await json('trace', moved)).toMatchObject({ loop: { version: 2 } }));
    await environment.query('ingestion', `update loop_state set version = 1, state = 'opened' where loop_id = $1`, [
      loopId,
    ]);

    const bad = await run('reconcile', '--json');
    expect(bad.code).toBe(1);
    const { differences } = JSON.parse(bad.out) as { differences: { feedbackId: string; field: string }[] };
    expect(differences.map(({ feedbackId, field }) => [feedbackId, field]).sort()).toEqual(
      [
        [lost, 'feedback'],
        [untold, 'revision'],
        [moved, 'loop.state'],
        [moved, 'loop.version'],
      ].sort(),
    );
    expect((await run('reconcile', '--from', '1h')).out).toMatch(/^3 differ:$/m);

    const mended = await run('republish', '--id', lost, '--id', untold, '--id', moved);
    expect(mended).toMatchObject({ code: 0, out: expect.stringMatching(/^3 events were sent again/) });
    await eventually(async () => expect((await run('reconcile')).code).toBe(0), { timeoutMs: 30_000 });
    // twice is harmless
    expect((await run('republish', '--from', '1h')).code).toBe(0);
    expect((await run('reconcile')).code).toBe(0);
  });

  it('is told that there is no such feedback or source', async () => {
    const id = feedbackIdOf(source, 'never');
    expect(await run('republish', '--id', id)).toMatchObject({ code: 1, err: expect.stringContaining(id), out: '' });
    expect(await run('republish', '--from', '1h', '--source', 'nosuch')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no feedback of a source nosuch'),
      out: '',
    });
    expect((await run('republish', '--from', '1h', '--source', source)).code).toBe(0);
    const { externalId, feedbackId } = await accept();
    expect((await run('trace', source, externalId)).out).toContain(feedbackId);
    expect((await run('republish', '--id', feedbackId)).out).toMatch(/^1 event was sent again\./);
  });

  it('finds the dead letters of what was never accepted', async () => {
    await environment.publish(feedbackInbound.topic, [
      {
        key: 'k',
        value: { source: 'feed', externalId: 'bad', channel: 'carrier pigeon' },
        headers: headersOf(feedbackInbound.topic),
      },
    ]);
    await eventually(async () =>
      expect(await run('trace', 'feed', 'bad')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/was never accepted; it has 1 dead letter:\n.* invalid-schema /),
      }),
    );
    expect((await run('trace', 'feed', 'worse')).err).toMatch(/no dead letter of it/);
  });

  it('mends a topic that was lost and made anew', async () => {
    const { feedbackId } = await accept();
    await rerouted();
    // its positions lie behind the new log's end: an alarm, and nothing happens until a person mends it
    await eventually(
      async () =>
        expect(await json('status')).toMatchObject({
          good: false,
          stuck: expect.arrayContaining([expect.objectContaining({ service: 'loop', state: 'alarm' })]),
        }),
      { timeoutMs: 60_000 },
    );
    expect((await run('status')).out).toMatch(/^alarm: loop, feedback\.routed\.v1\/\d: /m);
    expect((await run('republish', '--id', feedbackId, '--reset-positions', '--dry-run')).err).toMatch(
      /^loop: feedback\.routed\.v1\/\d would go on at 0/m,
    );
    expect((await run('republish', '--from', '1h', '--reset-positions', '--dry-run')).out).toMatch(
      /^[1-9]\d* positions? would be taken anew\n$/,
    );
    const { code, err } = await run('republish', '--from', '1h', '--reset-positions');
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^loop: feedback\.routed\.v1\/\d goes on at 0/m),
    });
    await eventually(async () => expect((await run('status')).code).toBe(0), { timeoutMs: 30_000 });
    await accept();
    expect((await run('reconcile')).code).toBe(0);
  }, 180_000);

  it('says who sends replies for a source, and takes that back', async () => {
    const url = 'https://93.184.216.34/replies';
    const set = await run('reply-senders', 'set', 'reviews', '--webhook', url);
    expect(set).toMatchObject({ code: 0, out: expect.stringMatching(/by webhook, to https.*\n.*whsec_/) });
    expect(await run('reply-senders', 'list')).toMatchObject({ code: 0, out: expect.stringContaining(url) });
    const rotated = await run('reply-senders', 'rotate', 'reviews', '--overlap-seconds', '60', '--json');
    expect(JSON.parse(rotated.out)).toMatchObject({ source: 'reviews', secret: expect.stringMatching(/^whsec_/) });
    expect(await run('reply-senders', 'set', 'reviews', '--webhook', 'http://127.0.0.1/x')).toMatchObject({ code: 2 });
    expect(await run('reply-senders', 'remove', 'reviews')).toMatchObject({ code: 0 });
    expect(await run('reply-senders', 'remove', 'reviews')).toMatchObject({ code: 1 });
  }, 60_000);

  it('is helped with words that are not understood, and refused without a token', async () => {
    expect(await run('statsu')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean status?') });
    expect(await run('status', '--wach')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean --watch?'),
    });
    for (const words of [
      ['keys', 'create'],
      ['token', '--role', 'boss'],
      ['token', '--lifetime', 'forever'],
      ['recover'],
      ['republish', '--id', 'abc'],
      ['republish', '--from', '1h', '--to', '2h'],
      ['trace', 'abc'],
      ['reply-senders', 'set', 'reviews'],
      ['reply-senders', 'sett'],
      ['dead-letters', 'replay', 'xx'],
      ['dead-letters', 'list', '--state', 'bogus'],
      ['dead-letters', 'list', '--reason', 'nonsense'],
    ])
      expect({ words, ...(await run(...words)) }).toMatchObject({
        words,
        code: 2,
        out: '',
        err: expect.stringMatching(/^closeloop [a-z-]+: .+\nSee npx closeloop [a-z-]+ --help\n$/),
      });
    for (const name of [
      'status',
      'dead-letters',
      'reconcile',
      'trace',
      'republish',
      'keys',
      'reply-senders',
      'token',
      'migrate',
      'topics',
    ])
      expect(await run(name, '--help')).toMatchObject({ code: 0, out: expect.stringMatching(/\n {2}\S.*closeloop/) });
    let told = '';
    const nowhere = { env: { KAFKA_BROKERS: '127.0.0.1:1' }, dataDir, out: () => undefined };
    expect(await closeloop(['topics'], { ...nowhere, err: (text) => void (told += text) })).toBe(1);
    expect(told).toMatch(/^closeloop topics: Kafka: .*ECONNREFUSED.*\n$/);
    // one that hangs is told, and hides nobody else
    const held: Socket[] = [];
    const hanging = createServer((socket) => void held.push(socket)).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    try {
      const asked = performance.now();
      const seen = await run('status', { LOOP_URL: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}` });
      expect(seen.code).toBe(1);
      expect(seen.out).toMatch(/^not ready: loop http:\S+: http: .* does not answer within 3 s$/m);
      expect(seen.out).toMatch(/^routing +1\/1/m);
      expect(performance.now() - asked).toBeLessThan(10_000);
    } finally {
      for (const socket of held) socket.destroy();
      hanging.close();
    }
    // as in a container: addresses and a token by variables, and the real program
    const bin = join(workspaceRoot, 'infra', 'cli', 'bin', 'closeloop.mjs');
    const urls = Object.fromEntries(
      Object.entries(platform.urls).map(([name, url]) => [`${name.toUpperCase()}_URL`, url]),
    );
    const env = { PATH: process.env['PATH'], ...urls };
    const as = (CLOSELOOP_TOKEN: string, ...words: string[]) =>
      promisify(execFile)(process.execPath, [bin, ...words], { env: { ...env, CLOSELOOP_TOKEN } });
    expect((await as(await adminToken(), 'status')).stdout).toMatch(/^ledger /m);
    await expect(as(token, 'reconcile')).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /^closeloop reconcile: your token was refused: This needs the role manager or admin\..*\n$/,
      ),
    });
    for (const command of ['status', 'reconcile'])
      await expect(as('nonsense', command)).rejects.toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^closeloop \w+: your token was refused: .*\n$/),
      });
    await expect(as(token, 'status')).rejects.toMatchObject({ code: 3 });
  });

  it('verifies what people changed: finds an entry that was changed, and by a head that was kept one that is gone', async () => {
    const { feedbackId } = await accept();
    const acknowledge = await fetch(`${platform.urls.loop}/v1/loops/${loopIdOf(feedbackId)}/acknowledge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await adminToken()}`, 'if-match': '"1"' },
    });
    expect(acknowledge.status).toBe(200);
    // by command, beside the running service
    expect((await run('keys', 'create', '--source', 'audited')).code).toBe(0);
    await eventually(async () => {
      const { code, out } = await run('audit', 'verify');
      expect(out).toMatch(/^ingestion +good: \d+ entr(y|ies) {2}ingestion:\d+:[0-9a-f]{64}$/m);
      expect(out).toMatch(/^routing +good: \d+ entr(y|ies) {2}routing:\d+:[0-9a-f]{64}$/m);
      expect(out).toMatch(/^loop +good: \d+ entr(y|ies) {2}loop:\d+:[0-9a-f]{64}$/m);
      expect(code).toBe(0);
    });
    const answer = await fetch(`${platform.urls.ingestion}/v1/audit/head`, {
      headers: { authorization: `Bearer ${await adminToken()}` },
    });
    const { head, seal } = (await answer.json()) as { head: string; seal: number };
    expect((await run('audit', 'verify', '--head', head)).code).toBe(0);

    const asSuperuser = (statement: string) =>
      environment.query(
        'ingestion',
        `set session_replication_role = replica; ${statement}; reset session_replication_role`,
      );
    const rename = (from: string, to: string) =>
      `update audit_log set action = '${to}' where seal = 1 and action = '${from}'`;
    await asSuperuser(rename('api-key.created', 'api-key.revoked'));
    const changed = await run('audit', 'verify', '--service', 'ingestion');
    expect(changed).toMatchObject({ code: 1, out: expect.stringMatching(/^ingestion +CHANGED at 1, entry 1: /) });
    await asSuperuser(rename('api-key.revoked', 'api-key.created'));
    expect((await run('audit', 'verify')).code).toBe(0);

    await asSuperuser(
      `delete from audit_log where seal = ${seal};
       update audit_head set seal = ${seal - 1},
         hash = coalesce((select hash from audit_log where audit_log.seal = ${seal - 1}), decode(repeat('00', 32), 'hex'))`,
    );
    expect((await run('audit', 'verify')).code).toBe(0);
    expect(JSON.parse((await run('audit', 'verify', '--json', '--head', head)).out)).toMatchObject({
      good: false,
      services: expect.arrayContaining([
        expect.objectContaining({ service: 'ingestion', finding: expect.objectContaining({ what: 'missing', seal }) }),
      ]),
    });

    expect(await run('audit')).toMatchObject({ code: 2 });
    expect(await run('audit', 'verify', '--service', 'lop')).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('did you mean loop?') },
    });
    for (const wrong of ['x', `loop:1:${'0'.repeat(63)}`, `none:1:${'0'.repeat(64)}`])
      expect(await run('audit', 'verify', '--head', wrong)).toMatchObject({ code: 2 });
  });

  const adminToken = () => platform.token({ sub: 'ada', roles: ['admin'], teams: [] });

  /** Loses the topic that the loop service reads, and makes it anew. */
  async function rerouted(): Promise<void> {
    const admin = environment.kafka.admin();
    await admin.connect();
    try {
      const topic = environment.topicPrefix + feedbackRouted.topic;
      await admin.deleteTopics({ topics: [topic] });
      await eventually(async () => expect(await admin.listTopics()).not.toContain(topic));
    } finally {
      await admin.disconnect();
    }
    expect((await run('topics')).code).toBe(0);
  }
});

/** Of the stores only: the rest is found by what runs on the data folder. */
const connectionsOf = ({ env }: Platform) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^(KAFKA_|DATABASE_)/.test(name)));

const headersOf = (type: string): Record<string, string> => ({
  ...{ ce_id: `spec-${type}`, ce_type: type, ce_source: 'spec', ce_specversion: '1.0' },
});
