import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  feedbackRouted,
  loopChanged,
  loopIdOf,
  noticeEventId,
  noticeIdOf,
  noticeRequested,
  noticeSettled,
  replyEventId,
  replyFailed,
  replyRequested,
  replySent,
  type LoopChanged,
  type NoticeSettled,
  type ReplyFailed,
  type ReplyRequested,
  type ReplySent,
} from '@closeloop/contracts';
import { createTopics, Outbox } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { type AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { HandOverFollowUps } from './application/hand-over-follow-ups.handler.js';
import { TellCustomers } from './application/tell-customers.handler.js';
import { FollowUpStore } from './domain/follow-up-store.js';
import { followUpIdOf } from './domain/follow-up.js';
import { FollowUpTimer } from './inbound/follow-up.timer.js';
import { NoticeTimer } from './inbound/notice.timer.js';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { messageOf, routed, type RoutedOptions } from './routed.fixture.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(60_000);

interface Mail {
  readonly to: string;
  readonly id: string;
  /** The text part, decoded */
  readonly text: string;
  readonly link: string;
}
const mails: Mail[] = [];
const mailsTo = (email: string): Mail[] => mails.filter(({ to }) => to === email);
let mailbox: SMTPServer;
let environment: TestEnvironment;
let env: Record<string, string>;
let told: Recorder;
let replies: Recorder;
const tokens: Record<string, string> = {};
const running: RunningService[] = [];

beforeAll(async () => {
  mailbox = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, answer) => {
      if (address.startsWith('gone-')) answer(Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
      else if (address.startsWith('full-')) answer(Object.assign(new Error('try later'), { responseCode: 452 }));
      else answer();
    },
    onData: (stream, { envelope }, answer) => {
      const parts: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => parts.push(chunk));
      stream.on('end', () => {
        mails.push(mailOf(envelope.rcptTo[0]!.address, Buffer.concat(parts).toString()));
        answer();
      });
    },
  });
  await new Promise<void>((resolve) => mailbox.listen(0, '127.0.0.1', resolve));
  environment = await testEnvironment({ prefix: 'followup' });
  env = {
    ...environment.env,
    SMTP_URL: `smtp://127.0.0.1:${(mailbox.server.address() as AddressInfo).port}`,
    LOOP_LINK_SECRET: Buffer.alloc(32, 7).toString('base64'),
    LOOP_QUIET_HOURS: 'off',
  };
  await createTopics(env);
  await migrateDatabase('loop', loopDatabase, env);
  told = await environment.record(loopChanged.topic);
  replies = await environment.record(replyRequested.topic);
  const teams = ['support'];
  tokens['admin'] = await environment.token({ sub: 'root', roles: ['admin'], teams: [] });
  tokens['agent'] = await environment.token({ sub: 'ann', roles: ['agent'], teams });
  tokens['stranger'] = await environment.token({ sub: 'ben', roles: ['agent'], teams: ['billing'] });
  tokens['manager'] = await environment.token({ sub: 'mia', roles: ['manager'], teams: [] });
}, 120_000);
afterAll(async () => {
  await environment?.close();
  await new Promise<void>((resolve) => mailbox.close(resolve));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.close()));
  await environment.query('loop', `delete from follow_up where state = 'pending'`);
});

/** Quoted-printable or base64, as nodemailer chooses by the text. */
function mailOf(to: string, content: string): Mail {
  const part = content.split(/\r\n--/).find((each) => /content-type: text\/plain/i.test(each))!;
  const [head, ...body] = part.split('\r\n\r\n') as [string, ...string[]];
  const raw = body.join('\r\n\r\n');
  const text = /transfer-encoding: base64/i.test(head)
    ? Buffer.from(raw, 'base64').toString()
    : Buffer.from(
        raw
          .replaceAll(/=\r\n/g, '')
          .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
        'latin1',
      ).toString();
  const id = /^message-id: (.*)\r$/im.exec(content)![1]!;
  return { to, id, text, link: /http:\S+\/f\/[\w-]{48}/.exec(text)?.[0] ?? 'none' };
}

async function start(more: Record<string, string> = {}): Promise<RunningService> {
  const service = await createService('loop', LoopModule, { env: { ...env, ...more }, logger: false });
  running.push(service);
  return service;
}
/** A service whose timer sleeps for good: the spec itself hands over what is due. */
async function startWithoutTimer(more: Record<string, string> = {}): Promise<RunningService> {
  const service = await start(more);
  await service.app.get(FollowUpTimer).onModuleDestroy();
  await service.app.get(NoticeTimer).onModuleDestroy();
  return service;
}
const handOver = (service: RunningService, limit?: number) =>
  service.app.get(HandOverFollowUps).handle(service.url, limit);
const rows = <T = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
  environment.query<T>('loop', sql, params);

interface FollowUpView {
  readonly followUpId: string;
  readonly state: string;
  readonly reason?: string;
  readonly dueAt?: string;
  readonly sentAt?: string;
  readonly score?: number;
  readonly outcome?: string;
  readonly words?: string;
  readonly attempts: number;
}
interface View {
  readonly version: number;
  readonly state: string;
  readonly level: number;
  readonly cycle: number;
  readonly history: readonly { readonly change: string; readonly actor: object; readonly words?: { text: string } }[];
  readonly followUps: readonly FollowUpView[];
}
async function call<T = View>(service: RunningService, method: string, path: string, version?: number, body?: object) {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens['admin']}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}
const view = async (service: RunningService, loopId: string): Promise<View> =>
  (await call(service, 'GET', `/v1/loops/${loopId}`)).body;
const followUpOf = async (service: RunningService, loopId: string): Promise<FollowUpView> =>
  (await view(service, loopId)).followUps[0]!;

let count = 0;
/** A loop that an agent has resolved, of a customer with an address of its own unless told otherwise. */
async function resolved(service: RunningService, options: RoutedOptions = {}) {
  const name = `follow-up-${++count}`;
  const email = `${name}@example.com`;
  const feedback = routed(name, { email, ...options });
  await environment.publish(feedbackRouted.topic, [messageOf(feedback)]);
  const loopId = loopIdOf(feedback.feedback.feedbackId);
  await eventually(async () => expect((await call(service, 'GET', `/v1/loops/${loopId}`)).status).toBe(200));
  await call(service, 'POST', `/v1/loops/${loopId}/respond`, 1, { text: 'done', channel: 'review' });
  expect((await call(service, 'POST', `/v1/loops/${loopId}/resolve`, 3)).status).toBe(200);
  return { loopId, name, email: options.email ?? email };
}
/** A resolved loop whose customer has the mail. */
async function asked(service: RunningService, options: RoutedOptions = {}) {
  const loop = await resolved(service, options);
  await handOver(service);
  const [mail] = mailsTo(loop.email);
  return { ...loop, link: mail!.link };
}

/** What somebody without scripts sees and sends. */
async function page(link: string, method: 'GET' | 'HEAD' = 'GET') {
  const response = await fetch(link, { method, redirect: 'manual' });
  return { status: response.status, headers: response.headers, html: await response.text() };
}
async function submit(link: string, fields: Record<string, string>) {
  const response = await fetch(link, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  return { status: response.status, headers: response.headers, html: await response.text() };
}

describe('a loop that is resolved', () => {
  it('asks its customer once, by mail, in the customer’s language, whatever number of replicas there is', async () => {
    const services = await Promise.all([start(), start()]);
    const loops = [];
    for (let index = 0; index < 12; index++) loops.push(await resolved(services[index % 2]!, { language: 'de-AT' }));
    const waiting = `select 1 from follow_up where state = 'pending'`;
    await eventually(async () => expect(await rows(waiting)).toEqual([]));
    for (const { loopId, email } of loops) {
      const received = mailsTo(email);
      expect(received).toHaveLength(1);
      expect(received[0]!.id).toBe(`<${followUpIdOf(loopId, 1)}@closeloop>`);
      expect(received[0]!.text).toContain('Wie zufrieden sind Sie');
      expect(received[0]!.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/f\/[\w-]{48}$/);
    }
    const followUp = await followUpOf(services[0]!, loops[0]!.loopId);
    expect(followUp).toMatchObject({
      state: 'handed-over',
      way: 'mail',
      question: 'csat',
      language: 'de',
      attempts: 1,
    });
    expect(followUp.sentAt).toBeDefined();
    expect(JSON.stringify(followUp)).not.toContain('/f/');
    const metrics = await Promise.all(services.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    const counted = metrics.map((text) =>
      Number(/loop_follow_ups_handed_over_total{way="mail".*} (\d+)/.exec(text)?.[1] ?? 0),
    );
    expect(counted[0]! + counted[1]!).toBe(12);
  });

  it('requests nothing where it was not resolved after all: both are one transaction', async () => {
    const service = await startWithoutTimer();
    await rows(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$;
      create trigger refuse before insert on outbox for each row when (new.value is not null
        and convert_from(new.value, 'utf8') like '%"resolved"%') execute function refuse();`);
    try {
      await expect(resolved(service)).rejects.toThrow();
    } finally {
      await rows('drop trigger refuse on outbox; drop function refuse()');
    }
    expect(await rows(`select 1 from follow_up where state = 'pending'`)).toEqual([]);
  });

  it('asks again under the same Message-ID when the process dies between sending and recording', async () => {
    const service = await startWithoutTimer();
    const { loopId, email } = await resolved(service);
    const record = jest.spyOn(service.app.get(FollowUpStore), 'handedOver').mockRejectedValueOnce(new Error('killed'));
    await expect(handOver(service)).rejects.toThrow('killed');
    expect(await followUpOf(service, loopId)).toMatchObject({ state: 'pending', attempts: 1 });
    // not before the one who has begun has had its time
    expect(await handOver(service)).toMatchObject({ looked: 0 });
    await rows(`update follow_up set due_at = now() where loop_id = $1`, [loopId]);
    expect(await handOver(service)).toMatchObject({ handedOver: ['mail'] });
    record.mockRestore();
    const received = mailsTo(email);
    expect(received).toHaveLength(2);
    expect(new Set(received.map(({ id }) => id)).size).toBe(1);
    expect(received[1]!.link).toBe(received[0]!.link);
    expect(await followUpOf(service, loopId)).toMatchObject({ state: 'handed-over', attempts: 2 });
  });

  it('tries again where the server takes it later, and gives up where it never does', async () => {
    const service = await startWithoutTimer();
    const full = await resolved(service, { email: `full-${count}@example.com` });
    const gone = await resolved(service, { email: `gone-${count}@example.com` });
    expect(await handOver(service)).toMatchObject({ looked: 2, handedOver: [], skipped: ['refused'], failed: 1 });
    expect(await followUpOf(service, gone.loopId)).toMatchObject({ state: 'skipped', reason: 'refused' });
    const waiting = await followUpOf(service, full.loopId);
    expect(waiting.state).toBe('pending');
    const pause = Date.parse(waiting.dueAt!) - Date.now();
    expect(pause).toBeGreaterThan(35_000);
    expect(pause).toBeLessThan(80_000);
    expect((await view(service, full.loopId)).state).toBe('resolved');
  });

  it('takes the question back when it is not resolved any more', async () => {
    const service = await startWithoutTimer();
    const reopened = await resolved(service);
    const withdrawn = await resolved(service);
    await call(service, 'POST', `/v1/loops/${reopened.loopId}/reopen`, 4, { reason: 'not yet' });
    const deletion = routed(withdrawn.name, { revision: 2, deleted: true });
    await environment.publish(feedbackRouted.topic, [messageOf(deletion)]);
    await eventually(async () => expect((await view(service, withdrawn.loopId)).state).toBe('withdrawn'));
    expect(await followUpOf(service, reopened.loopId)).toMatchObject({ state: 'void', attempts: 0 });
    expect(await followUpOf(service, withdrawn.loopId)).toMatchObject({ state: 'void' });
    expect(await handOver(service)).toMatchObject({ looked: 0 });
    expect(mailsTo(reopened.email)).toEqual([]);
    // resolved again: the next cycle asks for itself
    await call(service, 'POST', `/v1/loops/${reopened.loopId}/respond`, 5, { text: 'now', channel: 'review' });
    await call(service, 'POST', `/v1/loops/${reopened.loopId}/resolve`, 7);
    await handOver(service);
    expect(mailsTo(reopened.email).map(({ id }) => id)).toEqual([`<${followUpIdOf(reopened.loopId, 2)}@closeloop>`]);
  });

  it('does not ask in the customer’s night, but when it ends', async () => {
    const hour = new Date().getUTCHours();
    const text = (of: number): string => `${String((of + 24) % 24).padStart(2, '0')}:00`;
    const service = await startWithoutTimer({ LOOP_QUIET_HOURS: `${text(hour - 2)}-${text(hour + 3)}` });
    const here = await resolved(service);
    // by the clock there it is eight hours later
    const away = await resolved(service, { timeZone: 'Asia/Singapore' });
    expect(await handOver(service)).toMatchObject({ looked: 2, handedOver: ['mail'] });
    expect(mailsTo(away.email)).toHaveLength(1);
    const waiting = await followUpOf(service, here.loopId);
    expect(waiting).toMatchObject({ state: 'pending', attempts: 0 });
    expect(waiting.dueAt).toMatch(new RegExp(`T${text(hour + 3)}:00.000Z$`));
    expect(await handOver(service)).toMatchObject({ looked: 0 });
  });

  it('asks one customer once within the days of the cap, however many loops and replicas come at once', async () => {
    const services = await Promise.all([startWithoutTimer(), startWithoutTimer()]);
    for (const known of [{ customerKey: 'ada' }, {}]) {
      const email = `ada-${++count}@example.com`;
      const loops = [];
      for (let index = 0; index < 6; index++) loops.push(await resolved(services[0]!, { ...known, email }));
      const reports = await Promise.all(
        Array.from({ length: 6 }, (_each, index) => handOver(services[index % 2]!, 1 + (index % 3))),
      );
      while ((await handOver(services[0]!)).looked > 0);
      expect(reports.length).toBe(6);
      expect(mailsTo(email)).toHaveLength(1);
      const states = (
        await rows<{ state: string; reason: string | null }>(
          'select state, reason from follow_up where loop_id = any($1)',
          [loops.map(({ loopId }) => loopId)],
        )
      ).map(({ state, reason }) => reason ?? state);
      expect(states.sort()).toEqual(['capped', 'capped', 'capped', 'capped', 'capped', 'handed-over']);
    }
  });

  it('asks by the connector where that is a private channel, and nobody where there is no way', async () => {
    const service = await startWithoutTimer({ SMTP_URL: '' });
    const chat = await resolved(service, { channel: 'chat', language: 'fr' });
    const review = await resolved(service);
    const report = await handOver(service);
    expect(report).toMatchObject({ looked: 2, handedOver: ['connector'], skipped: ['not-reachable'] });
    const replyId = followUpIdOf(chat.loopId, 1);
    const requests = () => replies.messages.map(({ value }) => JSON.parse(value.toString()) as Record<string, string>);
    await eventually(() => expect(requests().filter((each) => each['replyId'] === replyId)).toHaveLength(1));
    const request = requests().find((each) => each['replyId'] === replyId)!;
    expect(request).toMatchObject({ kind: 'follow-up', source: 'shop', externalId: chat.name, language: 'fr' });
    const link = /http:\S+/.exec(request['text']!)![0];
    expect((await submit(link, { score: '5' })).html).toContain('Merci pour votre réponse');
    expect((await view(service, chat.loopId)).state).toBe('verified');
    expect(await followUpOf(service, review.loopId)).toMatchObject({ state: 'skipped', reason: 'not-reachable' });
  });

  it('was not asked where the connector could not say it', async () => {
    const service = await startWithoutTimer({ SMTP_URL: '' });
    const { loopId, name } = await resolved(service, { channel: 'chat', customerKey: 'chatty' });
    await handOver(service);
    expect(await followUpOf(service, loopId)).toMatchObject({ state: 'handed-over', way: 'connector' });
    const replyId = followUpIdOf(loopId, 1);
    const { feedbackId } = routed(name).feedback;
    const data: ReplyFailed = {
      ...{ replyId, loopId, feedbackId, at: new Date().toISOString() },
      ...{ reason: 'no-sender', message: 'Nobody sends replies for shop.' },
    };
    const headers = {
      ...{ ce_specversion: '1.0', ce_type: replyFailed.topic, ce_source: 'closeloop/ingestion', ce_time: data.at },
      ...{ ce_id: replyEventId('failed', replyId), ce_subject: feedbackId, 'content-type': 'application/json' },
    };
    await environment.publish(replyFailed.topic, [{ key: feedbackId, value: data, headers }]);
    await eventually(async () =>
      expect(await followUpOf(service, loopId)).toMatchObject({ state: 'skipped', reason: 'refused' }),
    );
    // and is not counted by the cap
    const next = await resolved(service, { channel: 'chat', customerKey: 'chatty' });
    await handOver(service);
    expect(await followUpOf(service, next.loopId)).toMatchObject({ state: 'handed-over' });
  });

  it('asks nobody without a secret to sign with, and nobody where no question is set', async () => {
    const service = await start({ LOOP_LINK_SECRET: '' });
    const { loopId } = await resolved(service);
    await rows('select pg_sleep(1)');
    expect(await followUpOf(service, loopId)).toMatchObject({ state: 'pending', attempts: 0 });
    const off = await start({ LOOP_FOLLOW_UP_QUESTION: 'ces,support=off' });
    await eventually(async () =>
      expect(await followUpOf(off, loopId)).toMatchObject({ state: 'skipped', reason: 'off' }),
    );
  });
});

describe('a customer', () => {
  it('who says yes verifies the loop; the same again says the same and moves nothing', async () => {
    const service = await startWithoutTimer();
    const { loopId, link } = await asked(service);
    const question = await page(`${link}?score=5`);
    expect(question.status).toBe(200);
    expect(question.html).toMatch(/value="5"[^>]* checked/);
    const first = await submit(link, { score: '5', words: '' });
    expect(first.status).toBe(200);
    expect(first.html).toContain('This matter is closed.');
    const after = await view(service, loopId);
    expect(after).toMatchObject({ state: 'verified', version: 5 });
    expect(after.history.at(-1)).toMatchObject({
      change: 'confirmed',
      evidence: 'survey',
      actor: { kind: 'customer' },
    });
    expect(after.followUps[0]).toMatchObject({ state: 'answered', score: 5, outcome: 'confirmed', version: 5 });
    // an answer that was lost on its way is sent again, and one who changes their mind is told what stands
    expect((await submit(link, { score: '5' })).html).toBe(first.html);
    expect((await submit(link, { score: '1' })).html).toBe(first.html);
    expect((await page(link)).html).toBe(first.html);
    expect((await view(service, loopId)).version).toBe(5);
    await eventually(() =>
      expect(
        told.messages
          .map(({ value }) => JSON.parse(value.toString()) as LoopChanged)
          .filter((each) => each.loopId === loopId && each.change === 'confirmed'),
      ).toHaveLength(1),
    );
  });

  it('who says no reopens it, one level up, with the words', async () => {
    const service = await startWithoutTimer();
    const { loopId, link } = await asked(service);
    const answer = await submit(link, { score: '1', words: 'Still <broken> & "cold"\r\n😀' });
    expect(answer.html).toContain('We have opened the matter again');
    const after = await view(service, loopId);
    expect(after).toMatchObject({ state: 'reopened', cycle: 2, level: 1 });
    const objected = after.history.find(({ change }) => change === 'objected')!;
    expect(objected.words).toMatchObject({ text: 'Still <broken> & "cold"\n😀', type: 'survey' });
    expect(after.followUps[0]).toMatchObject({ score: 1, outcome: 'objected', words: 'Still <broken> & "cold"\n😀' });
    // and is asked again, whatever the cap, when it is mended
    const { version } = after;
    await call(service, 'POST', `/v1/loops/${loopId}/respond`, version, { text: 'mended', channel: 'review' });
    await call(service, 'POST', `/v1/loops/${loopId}/resolve`, version + 2);
    expect(await handOver(service)).toMatchObject({ handedOver: ['mail'] });
    // the old link answers for what was done then alone
    expect((await view(service, loopId)).followUps.map(({ state }) => state)).toEqual(['handed-over', 'answered']);
  });

  it('who is in the middle moves nothing; words may follow once; nothing more within the window closes it unverified', async () => {
    const service = await startWithoutTimer({ LOOP_CONFIRMATION_WINDOW_SECONDS: '4' });
    const { loopId, link } = await asked(service);
    expect((await submit(link, { score: '3' })).html).toContain('We have noted your answer.');
    expect(await view(service, loopId)).toMatchObject({ state: 'resolved', version: 4 });
    expect((await submit(link, { words: 'It took long.' })).html).toContain('We have your words, too.');
    expect((await submit(link, { words: 'Much too long.' })).html).not.toContain('<textarea');
    const [followUp] = (await view(service, loopId)).followUps;
    expect(followUp).toMatchObject({ score: 3, outcome: 'neutral', words: 'It took long.' });
    await eventually(async () => expect((await view(service, loopId)).state).toBe('closed-unverified'));
  });

  it('who answers after the window still verifies, as long as the link works; then it says that it is over', async () => {
    const service = await startWithoutTimer({ LOOP_CONFIRMATION_WINDOW_SECONDS: '2', LOOP_LINK_GRACE_SECONDS: '600' });
    const late = await asked(service);
    await eventually(async () => expect((await view(service, late.loopId)).state).toBe('closed-unverified'));
    expect((await submit(late.link, { score: '4' })).html).toContain('This matter is closed.');
    expect((await view(service, late.loopId)).state).toBe('verified');

    const strict = await startWithoutTimer({ LOOP_CONFIRMATION_WINDOW_SECONDS: '2', LOOP_LINK_GRACE_SECONDS: '0' });
    const expired = await asked(strict);
    await eventually(async () => expect((await page(expired.link)).status).toBe(410));
    const answer = await submit(expired.link, { score: '5' });
    expect(answer.status).toBe(410);
    expect(answer.html).toContain('no longer valid');
    expect((await view(strict, expired.loopId)).history.map(({ change }) => change)).not.toContain('confirmed');
  });

  it('whose matter has moved on is told so, and moves nothing', async () => {
    const service = await startWithoutTimer();
    const { loopId, link } = await asked(service);
    await call(service, 'POST', `/v1/loops/${loopId}/reopen`, 4, { reason: 'again' });
    await call(service, 'POST', `/v1/loops/${loopId}/respond`, 5, { text: 'now', channel: 'review' });
    const answer = await submit(link, { score: '5', words: 'fine' });
    expect(answer.html).toContain('your answer did not change it');
    expect(await view(service, loopId)).toMatchObject({ state: 'responded', version: 7, cycle: 2 });
    expect((await view(service, loopId)).followUps[0]).toMatchObject({ score: 5, outcome: 'late', words: 'fine' });
  });

  it('who answers twice at once has answered once', async () => {
    const service = await startWithoutTimer();
    const { loopId, link } = await asked(service);
    const answers = await Promise.all(['5', '1', '5', '1', '4'].map((score) => submit(link, { score, words: score })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(answers.map(({ html }) => html)).size).toBe(1);
    expect((await view(service, loopId)).version).toBe(5);
  });

  it('whose feedback is deleted leaves no words behind', async () => {
    const service = await startWithoutTimer();
    const said = [await asked(service), await asked(service)];
    await submit(said[0]!.link, { score: '2', words: 'secret' });
    await submit(said[1]!.link, { score: '3', words: 'secret' });
    for (const { name, loopId } of said) {
      expect((await followUpOf(service, loopId)).words).toBe('secret');
      await environment.publish(feedbackRouted.topic, [messageOf(routed(name, { revision: 2, deleted: true }))]);
      await eventually(async () => expect((await view(service, loopId)).state).toBe('withdrawn'));
      expect(JSON.stringify(await view(service, loopId))).not.toContain('secret');
      expect(await followUpOf(service, loopId)).toMatchObject({ state: 'answered' });
    }
    const kept = await rows<{ text: string }>(
      `select row_to_json(f)::text text from follow_up f union all select row_to_json(h)::text from loop_history h`,
    );
    expect(kept.filter(({ text }) => /secret|@example\.com/.test(text))).toEqual([]);
  });
});

describe('the page', () => {
  it('is not moved by whoever only looks: mail scanners read every link', async () => {
    const service = await startWithoutTimer();
    const { loopId, link } = await asked(service);
    for (let score = 1; score <= 5; score++) {
      expect((await page(`${link}?score=${score}`)).status).toBe(200);
      const head = await page(`${link}?score=${score}`, 'HEAD');
      expect(head).toMatchObject({ status: 200, html: '' });
    }
    expect(await view(service, loopId)).toMatchObject({ state: 'resolved', version: 4 });
    expect(await followUpOf(service, loopId)).toMatchObject({ state: 'handed-over' });
  });

  it('runs no script, loads nothing, and is kept by nobody', async () => {
    const service = await startWithoutTimer({ LOOP_PUBLIC_NAME: 'Ada & <b>Co</b>' });
    const { link } = await asked(service, { language: 'ar' });
    const { headers, html } = await page(`${link}?score="><script>alert(1)</script>`);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'; script-src 'none'; style-src 'sha256-");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-robots-tag')).toContain('noindex');
    expect(headers.get('content-language')).toBe('ar');
    expect(html).toContain('<html lang="ar" dir="rtl">');
    expect(html).toContain('Ada &#38; &#60;b&#62;Co');
    expect(html).not.toMatch(/<script|<img|<link|src=|href=|\son\w+=|style="/i);
    // each field has a label, and what to send is where it came from
    expect(html.match(/<input type="radio"[^>]*aria-label="[^"]+"/g)).toHaveLength(5);
    expect(html).toContain('<label for="words">');
    expect(html).toContain('<form method="post">');
  });

  it('says kindly what is wrong, and keeps what was entered', async () => {
    const service = await startWithoutTimer();
    const { loopId, link } = await asked(service);
    for (const fields of [
      {} as Record<string, string>,
      { score: '' },
      { score: '6' },
      { score: '0' },
      { score: 'x' },
      { score: '5.0' },
    ]) {
      const answer = await submit(link, { ...fields, words: 'kept <i>' });
      expect(answer.status).toBe(400);
      expect(answer.html).toContain('Please choose a number.');
      expect(answer.html).toContain('kept &#60;i&#62;</textarea>');
    }
    for (const words of ['x'.repeat(5_001), 'a\0b']) {
      const answer = await submit(link, { score: '5', words });
      expect(answer.status).toBe(400);
      expect(answer.html).toContain('cannot be sent like this');
    }
    const refused = async (body: string, type = 'application/x-www-form-urlencoded') =>
      (await fetch(link, { method: 'POST', body, headers: { 'content-type': type } })).status;
    expect(await refused('score=5&score=1')).toBe(400);
    expect(await refused('score=%zz')).toBe(400);
    expect(await refused('{"score":5}', 'application/json')).toBe(415);
    expect(await refused(`words=${'x'.repeat(70_000)}`)).toBe(413);
    const tooLarge = await submit(link, { words: 'x'.repeat(70_000) });
    expect(tooLarge.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await view(service, loopId)).toMatchObject({ state: 'resolved', version: 4 });
    expect((await submit(link, { score: '5', words: 'x'.repeat(5_000) })).status).toBe(200);
  });

  it('is not there for whoever has no link', async () => {
    const service = await startWithoutTimer();
    const { link } = await asked(service);
    const token = link.slice(-48);
    const changed = token.slice(0, 20) + (token[20] === 'A' ? 'B' : 'A') + token.slice(21);
    for (const wrong of [changed, 'x', token.toLowerCase(), `${token}x`, followUpIdOf('x', 1)]) {
      const answer = await page(`${service.url}/f/${wrong}`);
      expect(answer.status).toBe(404);
      expect(answer.html).toContain('This link does not exist');
      expect((await submit(`${service.url}/f/${wrong}`, { score: '5' })).status).toBe(404);
    }
    // signed with a secret that is not valid any more; and with one that still is
    const old = env['LOOP_LINK_SECRET']!;
    const next = Buffer.alloc(32, 8).toString('base64');
    const rotated = await startWithoutTimer({ LOOP_LINK_SECRET: `${next},${old}` });
    expect((await page(`${rotated.url}/f/${token}`)).status).toBe(200);
    const without = await startWithoutTimer({ LOOP_LINK_SECRET: next });
    expect((await page(`${without.url}/f/${token}`)).status).toBe(404);
  });

  it('asks to come again while the store cannot take the answer', async () => {
    const { loopId, link: sent } = await asked(await startWithoutTimer());
    const service = await startWithoutTimer({ OUTBOX_BOUND: '1' });
    const link = `${service.url}/f/${sent.slice(-48)}`;
    await eventually(async () => expect(await rows('select 1 from outbox')).toEqual([]));
    await rows(
      `insert into outbox (shard, id, topic, headers) select 0, 0, 'held', '' from outbox_lease where shard = 0;
       update outbox_lease set holder = gen_random_uuid(), expires_at = 'infinity'`,
    );
    try {
      await eventually(() => expect(service.app.get(Outbox).isFull()).toBe(true));
      const answer = await submit(link, { score: '5' });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(answer.html).toContain('Please try again');
    } finally {
      await rows(
        `delete from outbox where topic = 'held'; update outbox_lease set holder = null, expires_at = '-infinity'`,
      );
    }
    await eventually(async () => expect((await submit(link, { score: '5' })).status).toBe(200));
    expect((await view(service, loopId)).state).toBe('verified');
  });
});

describe('an improvement that is done', () => {
  const improvementId = '6f1c1f0e-5d0f-4b6e-9a3b-0c7d1e5a4c21';
  const text = 'Refunds work on Android again.';
  const ended = { at: new Date().toISOString() };
  /** An event as another service sends it. */
  const publish = (topic: string, id: string, subject: string, key: string, value: object) =>
    environment.publish(topic, [
      {
        ...{ key, value },
        headers: {
          ...{ ce_specversion: '1.0', ce_type: topic, ce_source: 'closeloop/spec', ce_time: ended.at, ce_id: id },
          ...{ ce_subject: subject, 'content-type': 'application/json' },
        },
      },
    ]);
  const request = (loopId: string, improvement = improvementId) => {
    const noticeId = noticeIdOf(improvement, loopId);
    const data = { noticeId, improvementId: improvement, loopId, text, ...ended };
    return publish(noticeRequested.topic, noticeEventId('requested', noticeId), loopId, loopId, data);
  };
  const answer = async (noticeId: string, outcome: 'sent' | 'failed') => {
    const asked = await eventually(() => {
      const found = replies.json<ReplyRequested>().find(({ replyId }) => replyId === noticeId);
      if (!found) throw new Error('nothing was asked of the connector');
      return found;
    });
    const { replyId, loopId, feedbackId } = asked;
    const data: ReplySent | ReplyFailed = {
      ...{ replyId, loopId, feedbackId, ...ended },
      ...(outcome === 'failed' && { reason: 'no-sender', message: 'Nobody sends replies for shop.' }),
    };
    const { topic } = outcome === 'sent' ? replySent : replyFailed;
    await publish(topic, replyEventId(outcome, replyId), feedbackId, feedbackId, data);
    return asked;
  };
  const noticesOf = (loops: readonly string[]) =>
    rows<{ loopId: string; state: string; reason: string | null; way: string | null }>(
      `select loop_id "loopId", state, reason, way from notice where loop_id = any($1::uuid[])`,
      [loops],
    );
  const settle = async (service: RunningService): Promise<void> => {
    // those that hung on another one are due again once it is settled
    while ((await service.app.get(TellCustomers).handle()).looked > 0);
  };
  async function opened(service: RunningService, options: RoutedOptions) {
    const feedback = routed(`notice-${++count}`, options);
    await environment.publish(feedbackRouted.topic, [messageOf(feedback)]);
    const loopId = loopIdOf(feedback.feedback.feedbackId);
    await eventually(async () => expect((await call(service, 'GET', `/v1/loops/${loopId}`)).status).toBe(200));
    return { loopId, name: `notice-${count}` };
  }

  it('tells each customer once, where the customer spoke or else by mail, within the cap, and says what came of it', async () => {
    const service = await startWithoutTimer();
    const settled = await environment.record(noticeSettled.topic);
    const vip = [
      await opened(service, { customerKey: 'vip', channel: 'review' }),
      await opened(service, { customerKey: 'vip', channel: 'chat' }),
    ];
    // known by the address alone
    const ben = [
      await opened(service, { email: 'ben@example.com', language: 'de' }),
      await opened(service, { email: 'Ben@Example.com', language: 'de' }),
    ];
    const silent = await opened(service, { customerKey: 'silent', doNotContact: true });
    const gone = await opened(service, { customerKey: 'gone' });
    await environment.publish(feedbackRouted.topic, [
      messageOf(routed(gone.name, { customerKey: 'gone', revision: 2, deleted: true })),
    ]);
    await eventually(async () => expect((await view(service, gone.loopId)).state).toBe('withdrawn'));
    const unreachable = await opened(service, { customerKey: 'nowhere', channel: 'mystery-shop' });
    const unknown = loopIdOf('00000000-0000-5000-8000-000000000000');
    const loops = [...vip, ...ben, silent, gone, unreachable].map(({ loopId }) => loopId);
    // requested twice, as an outbox may send it
    for (const loopId of [...loops, unknown, ...loops]) await request(loopId);
    await eventually(async () => expect(await noticesOf([...loops, unknown])).toHaveLength(loops.length + 1));

    await settle(service);
    const underWay = (await noticesOf(loops)).filter(({ state }) => state === 'handed-over');
    expect(underWay).toHaveLength(2);
    for (const { loopId } of underWay) {
      const isVip = vip.some((one) => one.loopId === loopId);
      const asked = await answer(noticeIdOf(improvementId, loopId), isVip ? 'sent' : 'failed');
      expect(asked).toMatchObject({ kind: 'answer', source: 'shop' });
      expect(asked.text).toContain(text);
    }
    await eventually(async () =>
      expect((await noticesOf(loops)).filter(({ state }) => state === 'handed-over')).toEqual([]),
    );
    await settle(service);
    // the other loop of the same address tries its connector, too
    for (const { loopId } of (await noticesOf(loops)).filter(({ state }) => state === 'handed-over')) {
      await answer(noticeIdOf(improvementId, loopId), 'failed');
    }
    await eventually(async () => {
      await settle(service);
      expect((await noticesOf(loops)).filter(({ state }) => !['sent', 'skipped'].includes(state))).toEqual([]);
    });

    const outcomes = (those: readonly { loopId: string }[]) =>
      eventually(() => {
        const told = settled
          .json<NoticeSettled>()
          .filter((one) => one.improvementId === improvementId && those.some(({ loopId }) => loopId === one.loopId));
        const once = new Map(told.map((one) => [one.noticeId, one.way ?? one.reason]));
        expect(once.size).toBe(those.length);
        return [...once.values()].sort();
      });
    expect(await outcomes(vip)).toEqual(['connector', 'same-customer']);
    expect(await outcomes(ben)).toEqual(['mail', 'same-customer']);
    expect(await outcomes([silent])).toEqual(['opted-out']);
    expect(await outcomes([gone])).toEqual(['erased']);
    expect(await outcomes([unreachable])).toEqual(['not-reachable']);
    expect(await outcomes([{ loopId: unknown }])).toEqual(['no-loop']);
    // by whichever of his loops; a mail's domain is in lower case
    const received = mails.filter(({ to }) => to.toLowerCase() === 'ben@example.com');
    expect(received).toHaveLength(1);
    expect(received[0]!.text).toContain('es hat zu einer Änderung geführt');
    expect(received[0]!.text).toContain(text);
    // who was told is not asked as well: the next improvement waits for the cap
    const { loopId } = vip[0]!;
    const next = '6f1c1f0e-5d0f-4b6e-9a3b-0c7d1e5a4c22';
    await request(loopId, next);
    await eventually(async () => expect(await noticesOf([loopId])).toHaveLength(2));
    await settle(service);
    const [waiting] = await rows<{ state: string; days: number }>(
      `select state, round(extract(epoch from due_at - now()) / 86400)::int days from notice where improvement_id = $1`,
      [next],
    );
    expect(waiting).toEqual({ state: 'pending', days: 30 });
    // what is asked for again is answered again
    const before = settled.messages.length;
    await request(silent.loopId);
    await eventually(() => expect(settled.messages.length).toBe(before + 1));
  });
});

describe('reading what was asked', () => {
  it('is for the team’s agents, managers and admins; page by page, newest first', async () => {
    const service = await startWithoutTimer();
    const loops = [await asked(service), await asked(service), await asked(service)];
    const get = async (path: string, who: string | undefined) => {
      const headers: Record<string, string> = who === undefined ? {} : { authorization: `Bearer ${tokens[who]}` };
      const response = await fetch(`${service.url}/v1/follow-ups${path}`, { headers });
      return {
        status: response.status,
        body: (await response.json()) as { items: { loopId: string }[]; cursor?: string },
      };
    };
    for (const who of ['agent', 'manager', 'admin']) {
      const first = await get('?state=handed-over&limit=2', who);
      expect(first.status).toBe(200);
      expect(first.body.items.map(({ loopId }) => loopId)).toEqual([loops[2]!.loopId, loops[1]!.loopId]);
      const next = await get(`?state=handed-over&limit=2&cursor=${first.body.cursor}`, who);
      expect(next.body.items[0]!.loopId).toBe(loops[0]!.loopId);
    }
    expect((await get('', 'stranger')).body.items).toEqual([]);
    expect((await get('?team=support', 'stranger')).status).toBe(403);
    expect((await get('', undefined)).status).toBe(401);
    for (const wrong of ['?state=nice', '?limit=0', '?cursor=x', '?team=Ä', '?customer=x', '?limit=1&limit=2']) {
      expect((await get(wrong, 'admin')).status).toBe(400);
    }
    const whole = JSON.stringify((await get('?limit=200', 'admin')).body);
    expect(whole).not.toMatch(/"customer"|@example|\/f\//);
  });
});

describe('many follow-ups', () => {
  it('are found by their time: the index is asked for as many as one batch has', async () => {
    await rows(`
      insert into follow_up (follow_up_id, loop_id, cycle, state, requested_at, due_at, expires_at)
        select gen_random_uuid(), gen_random_uuid(), 1, 'pending', now(), now() + n * interval '1 s', now()
        from generate_series(-20000, 20000) n;
      analyze follow_up`);
    const plan = async (statement: string) =>
      (await rows<{ 'QUERY PLAN': string }>(`explain ${statement}`)).map((row) => row['QUERY PLAN']).join('\n');
    expect(await plan(`select min(due_at) from follow_up where state = 'pending'`)).toContain(
      'Index Only Scan using follow_up_due',
    );
    const due = await plan(
      `select follow_up_id, l.customer from (
          select follow_up_id, loop_id from follow_up where state = 'pending' and due_at <= now() order by due_at limit 20
        ) f join loop l using (loop_id)`,
    );
    expect(due).toContain('Index Scan using follow_up_due');
    expect(due).not.toContain('Sort');
    await rows(`delete from follow_up where state = 'pending'`);
  });
});
