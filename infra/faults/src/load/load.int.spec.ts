import { afterEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, sendUntilAnswered } from './client.js';
import { Journal } from './journal.js';

const servers: Server[] = [];
const folders: string[] = [];
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

interface Replica {
  readonly url: string;
  readonly bodies: string[];
}

/** Answers its requests one after the other as it is told, the last way for ever. */
async function replica(...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]): Promise<Replica> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts).toString());
      answers[Math.min(bodies.length, answers.length) - 1]!(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

const answer =
  (status: number, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, headers).end(`{"status":${status}}`);
  };
const cut = (request: IncomingMessage): void => void request.socket.resetAndDestroy();
const half = (_request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(202, { 'content-length': '100' });
  response.write('{"result":');
  setTimeout(() => response.socket?.resetAndDestroy(), 20);
};

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'closeloop-load-'));
  folders.push(made);
  return made;
}

async function send(urls: readonly string[], journal: Journal, signal = new AbortController().signal) {
  const client = new Client();
  clients.push(client);
  const [told] = journal.sends([{ source: 'web', via: 'single', kind: 'created', feedbackId: 'some' }]);
  const reply = await sendUntilAnswered(
    { client, journal, signal },
    urls,
    0,
    { method: 'POST', path: '/v1/feedback', headers: {}, body: '{"text":"hello"}' },
    { phase: journal.phase, what: 'feedback', nos: [told!.submission.no] },
  );
  return { reply, told: told! };
}

describe('a sender', () => {
  it('given a cut connection, half an answer and a 500, when it sends, then it sends the same to the other replica until it is answered', async () => {
    const [one, other] = [await replica(cut, answer(500), answer(202)), await replica(half)];
    const journal = await Journal.open();
    const { reply, told } = await send([one.url, other.url], journal);
    expect(reply?.status).toBe(202);
    expect([...one.bodies, ...other.bodies]).toEqual(Array(5).fill('{"text":"hello"}'));
    expect(told.undetermined).toBe(4);
    expect(journal.stats(journal.phase)).toMatchObject({
      requests: 5,
      undetermined: 4,
      refused: { ECONNRESET: 3, '500': 1 },
    });
  });

  it('given a refused connection, when it sends, then nothing of it is undetermined', async () => {
    const gone = await replica(answer(202));
    const { url } = gone;
    await new Promise((resolve) => servers.pop()!.close(resolve));
    const there = await replica(answer(202));
    const { reply, told } = await send([url, there.url], await Journal.open());
    expect(reply?.status).toBe(202);
    expect(told.undetermined).toBe(0);
  });

  it('given Retry-After, when it was answered 503, then it waits as long before it asks again', async () => {
    const one = await replica(answer(503, { 'retry-after': '1' }), answer(202));
    const begun = performance.now();
    const { reply } = await send([one.url], await Journal.open());
    expect(reply?.status).toBe(202);
    expect(performance.now() - begun).toBeGreaterThan(750);
  });

  it('given a refusal of 4xx, when it is answered, then that is the answer', async () => {
    const one = await replica(answer(400));
    const { reply, told } = await send([one.url], await Journal.open());
    expect(reply?.status).toBe(400);
    expect(told.undetermined).toBe(0);
  });

  it('given nobody who answers, when it is given up, then it says that it does not know', async () => {
    const silent = await replica(() => undefined);
    const { reply, told } = await send([silent.url], await Journal.open(), AbortSignal.timeout(200));
    expect(reply).toBeUndefined();
    expect(told.undetermined).toBe(1);
  });
});

describe('the journal', () => {
  it('given a file that a kill has cut in the middle of a line, when it is opened again, then all before it is known and it goes on', async () => {
    const file = join(await folder(), 'journal.ndjson');
    const first = await Journal.open(file);
    first.begin(1);
    first.beginPhase('storm');
    const [told] = first.sends([
      { source: 'web', via: 'single', kind: 'created', feedbackId: 'some', contentHash: 'hash' },
    ]);
    first.attempted({
      phase: 'storm',
      what: 'feedback',
      nos: [0],
      to: 'there',
      was: 'undetermined',
      told: 'cut',
      ms: 1,
    });
    first.answered(told!, { result: 'accepted', revision: 1 });
    const moved = {
      phase: 'storm',
      loopId: 'loop',
      version: 2,
      change: 'acknowledged',
      actor: { kind: 'agent', id: 'me' },
    } as const;
    first.moved(moved);
    await first.close();
    await appendFile(file, '{"t":"told","no":');

    const second = await Journal.open(file);
    expect(second.told).toEqual(first.told);
    expect(second.told[0]).toMatchObject({ undetermined: 1, answer: { result: 'accepted', revision: 1 } });
    expect(second.transitions).toEqual([moved]);
    expect([second.phase, second.loads, second.phases]).toEqual(['storm', 1, ['storm']]);
    second.begin(2);
    expect(second.sends([{ source: 'web', via: 'single', kind: 'created' }])[0]!.submission.no).toBe(1);
    await second.close();

    const third = await Journal.open(file);
    expect([third.loads, third.told.length]).toEqual([2, 2]);
    expect((await readFile(file, 'utf8')).split('\n').length).toBeGreaterThan(6);
  });
});
