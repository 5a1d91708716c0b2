import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Platform } from '@closeloop/cli';
import { type Client } from 'pg';

/** Feedback of one request, and requests at once */
const batch = 100;
const atOnce = 4;
/** Loops that an agent answers and resolves, two requests each */
const worked = 500;
const ticksASecond = 100;
const pageSize = 8192;

/** Bytes that one more of something takes, by relation, in all databases; below one byte is left out. */
export type BytesByRelation = Readonly<Record<string, { readonly table: number; readonly indexes: number }>>;

export interface Cost {
  /** Bytes by relation, as `loop.words` */
  readonly relations: BytesByRelation;
  /** Bytes of log by topic */
  readonly topics: Readonly<Record<string, number>>;
  readonly walBytes: number;
  /** CPU milliseconds by process, its children included */
  readonly cpuMs: Readonly<Record<string, number>>;
  readonly seconds: number;
}

export interface Footprint {
  readonly feedback: number;
  readonly loops: number;
  /** Of one feedback, from the request until every reader has done with it */
  readonly aFeedback: Cost;
  /** Of one loop that is answered and resolved: four steps by two requests of an agent */
  readonly aLoopWorked: Cost;
}

/** By whose they are; that of the loop service is among them. */
type Databases = Readonly<Record<string, Client>>;

/** What one feedback costs each part of the shipped services, and what a loop costs that is worked on. */
export async function measureFootprint(
  databases: Databases,
  platform: Platform,
  dataDir: string,
  { feedback, texts }: { readonly feedback: number; readonly texts: readonly string[] },
  say: (line: string) => void,
): Promise<Footprint> {
  const measured = { databases, platform, dataDir };
  // what each process does for the first time is not counted
  await send(platform, 'warm', 2_000, texts);
  await settled(databases);
  say('measuring');
  const before = await take(measured);
  await send(platform, 'live', feedback, texts);
  await settled(databases);
  const between = await take(measured);
  const { rows } = await databases['loop']!.query<{ loop_id: string; loops: number }>(
    `select loop_id, (count(*) over ())::int loops from loop where state = 'opened' order by opened_at desc limit ${worked}`,
  );
  await work(
    platform,
    rows.map(({ loop_id }) => loop_id),
  );
  await settled(databases);
  const after = await take(measured);
  return {
    ...{ feedback, loops: rows[0]?.loops ?? 0 },
    aFeedback: costOf(before, between, feedback),
    aLoopWorked: costOf(between, after, rows.length),
  };
}

async function send(platform: Platform, name: string, number: number, texts: readonly string[]): Promise<void> {
  const key = await platform.apiKey('bench');
  let next = 0;
  const one = (index: number): object => ({
    ...{ externalId: `${name}-${index}`, channel: 'review', text: texts[index % texts.length] },
    rating: { value: 1 + (index % 5), scale: 5 },
    author: { externalId: `a-${index}`, name: 'Ada Lovelace', email: `a-${index}@example.org` },
    ...{ product: 'app', touchpoint: 'checkout', journeyStage: 'support', occurredAt: new Date().toISOString() },
  });
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let from; (from = next) < number;) {
        next += batch;
        const body = Array.from({ length: Math.min(batch, number - from) }, (_, at) => one(from + at));
        await post(`${platform.urls.ingestion}/v1/feedback/batch`, key, body);
      }
    }),
  );
}

async function work(platform: Platform, loopIds: readonly string[]): Promise<void> {
  const token = await platform.token({ sub: 'bench', roles: ['admin', 'agent'], teams: [] });
  for (const loopId of loopIds) {
    const path = `${platform.urls.loop}/v1/loops/${loopId}`;
    await post(`${path}/respond`, token, { text: 'We are sorry, and have mended it.', channel: 'review' }, '"1"');
    await post(`${path}/resolve`, token, undefined, '"3"');
  }
}

async function post(url: string, bearer: string, body?: object, ifMatch?: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (response.ok) return;
    // as a sender does that is asked to come again
    if (response.status !== 503 && response.status !== 429) throw new Error(`${url}: ${await response.text()}`);
    await sleep(200);
  }
}

/** Waits until nobody has anything left to do: no outbox holds a row, and no database is written to for two seconds. */
async function settled(databases: Databases): Promise<void> {
  const clients = Object.values(databases);
  for (let last = '', since = performance.now(); performance.now() - since < 2_000; await sleep(250)) {
    const states: string[] = [];
    for (const client of clients) {
      const { rows } = await client.query<{ state: string }>(
        `select concat_ws('/', sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_del)) state from pg_stat_user_tables
          where relname not in ('outbox_lease', 'audit_entry')`,
      );
      states.push(rows[0]!.state);
    }
    const state = states.join(' ');
    if (state !== last) since = performance.now();
    last = state;
  }
}

interface Taken {
  readonly at: number;
  readonly wal: number;
  readonly relations: ReadonlyMap<string, { readonly table: number; readonly indexes: number }>;
  readonly topics: ReadonlyMap<string, number>;
  readonly cpuMs: ReadonlyMap<string, number>;
}

async function take({
  databases,
  platform,
  dataDir,
}: {
  readonly databases: Databases;
  readonly platform: Platform;
  readonly dataDir: string;
}): Promise<Taken> {
  const relations = new Map<string, { table: number; indexes: number }>();
  let wal = 0;
  for (const [service, client] of Object.entries(databases)) {
    const { rows } = await client.query<{ name: string; table: string; indexes: string; wal: string }>(
      `select relname name, pg_table_size(relid) "table", pg_indexes_size(relid) indexes,
          pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') wal from pg_stat_user_tables`,
    );
    for (const { name, table, indexes } of rows) {
      relations.set(`${service}.${name}`, { table: Number(table), indexes: Number(indexes) });
    }
    wal = Number(rows[0]?.wal ?? wal);
  }
  const cpuMs = new Map(Object.entries(platform.pids).map(([name, pid]) => [name, cpuMsOf(pid)]));
  return { at: performance.now(), wal, relations, topics: topicBytes(dataDir), cpuMs };
}

/** Bytes of the segments, by topic; indexes of segments are made large in advance and say nothing. */
function topicBytes(dataDir: string): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const name of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
    const topic = /([^/]+)-\d+\/\d+\.log$/.exec(name)?.[1];
    if (topic) bytes.set(topic, (bytes.get(topic) ?? 0) + statSync(join(dataDir, name)).size);
  }
  return bytes;
}

/** Of a process, those of its children that ended, and those that live. */
function cpuMsOf(pid: number): number {
  const children = (of: number): number[] =>
    readFileSync(`/proc/${of}/task/${of}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const ticks = (of: number): number => {
    try {
      const fields = readFileSync(`/proc/${of}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      const own = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      return children(of).reduce((sum, child) => sum + ticks(child), own);
    } catch {
      // it ended between two looks
      return 0;
    }
  };
  return (ticks(pid) * 1000) / ticksASecond;
}

function costOf(before: Taken, after: Taken, number: number): Cost {
  const each = (bytes: number): number => Math.round((bytes / number) * 100) / 100;
  return {
    relations: Object.fromEntries(
      [...after.relations]
        .map(([name, { table, indexes }]) => {
          const had = before.relations.get(name) ?? { table: 0, indexes: 0 };
          return [name, { table: each(table - had.table), indexes: each(indexes - had.indexes) }] as const;
        })
        .filter(([, { table, indexes }]) => Math.max(table, indexes) * number >= 4 * pageSize)
        .sort(([, one], [, other]) => other.table + other.indexes - one.table - one.indexes),
    ),
    topics: Object.fromEntries(
      [...after.topics]
        .map(([name, bytes]) => [name, each(bytes - (before.topics.get(name) ?? 0))] as const)
        .filter(([, bytes]) => bytes > 0),
    ),
    walBytes: each(after.wal - before.wal),
    cpuMs: Object.fromEntries([...after.cpuMs].map(([name, ms]) => [name, each(ms - (before.cpuMs.get(name) ?? 0))])),
    seconds: (after.at - before.at) / 1000,
  };
}

export function footprintLines({ feedback, loops, aFeedback, aLoopWorked }: Footprint): string[] {
  const lines = (name: string, cost: Cost): string[] => [
    `${name}: ${cost.seconds.toFixed(1)} s, ${Math.round(cost.walBytes)} bytes of WAL`,
    ...Object.entries(cost.relations).map(
      ([relation, { table, indexes }]) =>
        `  ${relation.padEnd(36)} ${Math.round(table)} + ${Math.round(indexes)} bytes`,
    ),
    ...Object.entries(cost.topics).map(([topic, bytes]) => `  ${topic.padEnd(36)} ${Math.round(bytes)} bytes of log`),
    ...Object.entries(cost.cpuMs).map(([process, ms]) => `  ${process.padEnd(36)} ${ms.toFixed(2)} ms of CPU`),
  ];
  return [
    `${feedback} feedback, ${loops} loops are open`,
    ...lines('one feedback', aFeedback),
    ...lines('one loop answered and resolved', aLoopWorked),
  ];
}
