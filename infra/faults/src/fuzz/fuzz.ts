import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random.js';
import { type Subject } from '../subject.js';
import { Connection, type End } from './connection.js';
import { type Route, routesOf, type Shot, Shots } from './routes.js';
import { TopicFuzz } from './topics.js';
import { Values } from './values.js';
import { VitalSigns } from './vitals.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Services beside ingestion and loop: HTTP is a door of theirs too */
  readonly otherUrls?: readonly string[];
}

/** Connections at once; more would measure the machine. */
const shooters = 6;
const answeredWithinMs = 10_000;
/** How long a request that is no HTTP is waited for. */
const oddWithinMs = 400;
const messagesAtOnce = 40;
const messagesEveryMs = 250;
const drainedWithinMs = 90_000;
/** Of one kind are told. */
const maxAlike = 5;

/**
 * Sends malformed requests to all routes and malformed events to all topics that are consumed, of a seed, and looks for answers of 5xx, cut
 * connections, hung requests, processes that end or grow, and topics that stand. The platform must run, and be left in peace by others.
 */
export async function fuzz(
  subject: Subject,
  { seed, seconds, say, signal, otherUrls = [] }: FuzzOptions,
): Promise<{ requests: number; messages: number; findings: string[] }> {
  const random = new Random(seed);
  const urls = [...subject.ingestionUrls, ...subject.loopUrls, ...otherUrls];
  const routes = (await Promise.all(urls.map(routesOf))).flat();
  const credentials = await credentialsOf(subject);
  const vitals = new VitalSigns(urls);
  await vitals.begin();
  const findings = new Findings();
  const topicRandom = random.fork();
  const topics = new TopicFuzz(subject.kafkaBrokers, topicRandom, new Values(topicRandom));
  await topics.connect();
  let requests = 0;
  const until = Date.now() + seconds * 1_000;
  const over = (): boolean => Date.now() >= until || signal?.aborted === true;

  try {
    const shooting = Array.from({ length: shooters }, async () => {
      const own = random.fork();
      const shots = new Shots(own, new Values(own));
      const connections = new Map<string, Connection>();
      while (!over()) {
        const route = own.pick(routes);
        const connection = connections.get(route.url.href) ?? new Connection(route.url);
        connections.set(route.url.href, connection);
        const shot = shots.of(route, credentials);
        const begun = performance.now();
        const end = await connection.ask(shot.parts, {
          method: shot.method,
          silenceMs: shot.wellFormed ? answeredWithinMs : oddWithinMs,
        });
        requests++;
        if (!shot.wellFormed) connection.close();
        const wrong = judged(route, shot, end, performance.now() - begun);
        if (wrong) findings.add(wrong.kind, wrong.told);
      }
      for (const connection of connections.values()) connection.close();
    });
    const publishing = (async () => {
      while (!over()) {
        await topics.send(messagesAtOnce);
        await sleep(messagesEveryMs, undefined, { ...(signal && { signal }) }).catch(() => undefined);
      }
    })();
    const watching = (async () => {
      while (!over()) {
        for (const wrong of await vitals.check()) findings.add(wrong, wrong);
        await sleep(1_000);
      }
    })();
    await Promise.all([...shooting, publishing, watching]);

    const drainedBy = Date.now() + drainedWithinMs;
    let behind = await topics.behind();
    while (behind.length > 0 && Date.now() < drainedBy && !signal?.aborted) {
      await sleep(500);
      behind = await topics.behind();
    }
    for (const place of behind) findings.add('stands', `a consumed topic stands: ${place}`);
    for (const wrong of await vitals.end(say)) findings.add(wrong, wrong);
  } finally {
    await topics.close();
  }
  say(`fuzz: ${requests} requests, ${topics.sent} messages, ${findings.told.length} findings (seed ${seed})`);
  return { requests, messages: topics.sent, findings: findings.told };
}

async function credentialsOf(subject: Subject): Promise<string[]> {
  const keys = await Promise.all(['fuzz-1', 'fuzz-2', 'fuzz-3', 'fuzz-4'].map((source) => subject.apiKey(source)));
  const people = await Promise.all([
    subject.token({ sub: 'fuzz-admin', roles: ['admin'] }),
    subject.token({ sub: 'fuzz-manager', roles: ['manager'] }),
    subject.token({ sub: 'fuzz-agent', roles: ['agent'], teams: ['support'] }),
  ]);
  return [...keys, ...people];
}

/** What is wrong with an answer, or with there being none. */
function judged(
  { path, method, url }: Route,
  { told, wellFormed }: Shot,
  end: End,
  ms: number,
): { kind: string; told: string } | undefined {
  const place = `${method} ${url.origin}${path}`;
  switch (end.kind) {
    case 'silence':
      if (!wellFormed) return undefined;
      return { kind: `silence ${place}`, told: `no answer within ${Math.round(ms / 1000)} s: ${told}` };
    case 'cut':
      if (!wellFormed) return undefined;
      return { kind: `cut ${place}`, told: `the connection was cut after ${JSON.stringify(end.after)}: ${told}` };
    case 'answer': {
      const { status, headers, body } = end.answer;
      if (status < 500 || path === '/health/ready') return undefined;
      if (status === 503 && headers['retry-after'] !== undefined) return undefined;
      // What no route knows how to do, RFC 9110 lets it say so.
      if (status === 501 || status === 505) return undefined;
      return { kind: `${status} ${place}`, told: `${status} ${body.toString('utf8').slice(0, 200)}: ${told}` };
    }
  }
}

/** Findings, a few of a kind. */
class Findings {
  readonly #told: string[] = [];
  readonly #counts = new Map<string, number>();

  add(kind: string, told: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= maxAlike) this.#told.push(told);
  }

  get told(): string[] {
    return this.#told;
  }
}
