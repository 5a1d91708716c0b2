import { afterEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { Random } from '../random.js';
import { Receiver } from './receiver.js';

const key = Buffer.from('a key of thirty-two bytes, or so');
const secret = `whsec_${key.toString('base64')}`;
const started: Receiver[] = [];

afterEach(async () => {
  for (const receiver of started.splice(0)) await receiver.stop();
});

async function receiverOf(seed: number): Promise<Receiver> {
  const receiver = await Receiver.start(new Random(seed));
  started.push(receiver);
  receiver.expects('/teams/support', { secret, endpointId: 'endpoint' });
  receiver.expects('/customers/web', { secret, source: 'web' });
  return receiver;
}

/** What came of it: a status, or nothing where the connection was cut. */
async function post({ url }: Receiver, path: string, id: string, data: object, by = key): Promise<number | undefined> {
  const body = JSON.stringify({ data });
  // an hour late: clocks are put wrong
  const timestamp = String(Math.floor(Date.now() / 1000) - 3600);
  const signature = createHmac('sha256', by).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,bm90aGluZw== v1,${signature}`,
  };
  return fetch(`${url}${path}`, { method: 'POST', headers, body }).then(
    ({ status }) => status,
    () => undefined,
  );
}

describe('the receiver', () => {
  it('fails now and then, the same way by the same seed, and remembers what it took, whether or not it could say so', async () => {
    const runs: (number | undefined)[][] = [];
    for (let run = 0; run < 2; run++) {
      const receiver = await receiverOf(41);
      const answers: (number | undefined)[] = [];
      for (let version = 1; version <= 300; version++) {
        answers.push(await post(receiver, '/teams/support', `id-${version}`, { loopId: 'loop', version }));
      }
      runs.push(answers);
      const taken = new Set(receiver.takings.map(({ version }) => version));
      const cut = answers.flatMap((answer, at) => (answer === undefined ? [at + 1] : []));
      expect(
        answers.every((answer, at) => (answer === 204 ? taken.has(at + 1) : answer !== 503 || !taken.has(at + 1))),
      ).toBe(true);
      // cut before it was taken, and after
      expect(new Set(cut.map((version) => taken.has(version)))).toEqual(new Set([true, false]));
      expect(answers).toContain(503);
      expect(receiver.takings[0]).toEqual({ endpointId: 'endpoint', id: 'id-1', loopId: 'loop', version: 1 });
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  it('given what is signed by another, or comes where nothing is, then it refuses it, takes nothing and says so', async () => {
    const receiver = await receiverOf(1);
    const data = { loopId: 'loop', version: 1 };
    expect(await post(receiver, '/teams/support', 'id', data, Buffer.from('another'))).toBe(401);
    expect(await post(receiver, '/teams/none', 'id', data)).toBe(401);
    expect(receiver).toMatchObject({ takings: [], unsigned: ['/teams/support', '/teams/none'] });
  });

  it('given a reply, then it is kept by its source and both its ids', async () => {
    const receiver = await receiverOf(1);
    for (let time = 0; time < 3; time++)
      await post(receiver, '/customers/web', 'id', { replyId: 'reply', loopId: 'loop' });
    expect(receiver.replyTakings[0]).toEqual({ source: 'web', id: 'id', replyId: 'reply', loopId: 'loop' });
    expect(receiver.takings).toEqual([]);
  });
});
