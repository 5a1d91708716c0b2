import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from 'pg';
import { cpuSecondsOf, peakMegabytes } from '../rig/processes.js';
import { type Place, type Running } from '../subjects/subject.js';

/** Events of a request, and connections that never rest, wherever events are sent in batches */
export const batches = { perRequest: 100, connections: 8 } as const;

/** Most events of one measurement, whatever its speed */
export const mostEvents = 100_000;

/** What one round of one work gave for one subject. */
export interface Measured {
  readonly events: number;
  /** From the first event that is sent (or let loose) until the last one is done */
  readonly seconds: number;
  /** By process, until all of them are at rest again, with what they did after the last one was done */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Most memory resident since it began, by process of the subject: MB */
  readonly rssMb: Readonly<Record<string, number>>;
  /** From when an event was to be sent until its loop was committed: milliseconds */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** Nothing moves any more: less than that of a core for that long. Idle kafkajs takes a few hundredths a connection (its 1 ms timer). */
const restingCores = 0.3;
const restingMs = 400;
const restWithinMs = 20_000;
const stuckAfterMs = 60_000;
/** Counting rows takes Postgres some of what is measured; when the last one came is read off it afterwards. */
const lookEveryMs = 400;

const allPids = ({ stores }: Place, { pids }: Running): Record<string, number> => ({ ...stores.pids, ...pids });

const total = (seconds: Readonly<Record<string, number>>): number =>
  Object.values(seconds).reduce((sum, value) => sum + value, 0);

/** Until all of its work is behind it: what follows on what was measured, and the database's cleaning up. */
async function untilAtRest(place: Place, running: Running): Promise<void> {
  const deadline = performance.now() + restWithinMs;
  let before = total(await cpuSecondsOf(allPids(place, running)));
  while (performance.now() < deadline) {
    await sleep(restingMs);
    const now = total(await cpuSecondsOf(allPids(place, running)));
    if ((now - before) / (restingMs / 1000) < restingCores) return;
    before = now;
  }
}

/** @throws where it stands still for a minute before that */
export async function untilCounted(
  running: Running,
  wanted: number,
  count: () => Promise<number>,
  everyMs = lookEveryMs,
): Promise<void> {
  let seen = -1;
  let since = performance.now();
  for (;;) {
    const now = await count();
    if (now >= wanted) return;
    running.assertRuns();
    if (now !== seen) [seen, since] = [now, performance.now()];
    if (performance.now() - since > stuckAfterMs) throw new Error(`it stands still at ${now} of ${wanted}`);
    await sleep(everyMs);
  }
}

export async function countLoops(client: Client): Promise<number> {
  const { rows } = await client.query<{ loops: number }>('select count(*)::int as loops from loop');
  return rows[0]!.loops;
}

/** When the last loop was committed: milliseconds since 1970, by Postgres's clock, which is this machine's. */
export async function lastCommit(client: Client): Promise<number> {
  const { rows } = await client.query<{ at: number }>(
    'select max(extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::float8 as at from loop',
  );
  return rows[0]!.at;
}

/**
 * Measures `work`, which returns when its last event was done: milliseconds since 1970. What was done to get there lies behind: all is
 * at rest, and what Postgres has to write is written.
 */
export async function measure(
  place: Place,
  running: Running,
  events: number,
  work: () => Promise<Span>,
): Promise<Measured> {
  await untilAtRest(place, running);
  const client = await place.stores.database();
  await client.query('checkpoint');
  await client.end();
  const before = await cpuSecondsOf(allPids(place, running));
  const { begun, ended } = await work();
  place.say(
    `  ${running.loopDatabase.split('/').at(-1)}: ${events} events in ${((ended - begun) / 1000).toFixed(1)} s`,
  );
  await untilAtRest(place, running);
  const after = await cpuSecondsOf(allPids(place, running));
  running.assertRuns();
  const { stores } = place;
  const own = Object.entries({ ...running.pids, kafka: stores.pids.kafka }).filter(([name]) => name !== 'postgres');
  return {
    events,
    seconds: (ended - begun) / 1000,
    cpuSeconds: Object.fromEntries(Object.entries(after).map(([name, seconds]) => [name, seconds - before[name]!])),
    rssMb: Object.fromEntries(
      await Promise.all(own.map(async ([name, pid]) => [name, await peakMegabytes(pid)] as const)),
    ),
  };
}

/** When the first event was sent or let loose, and the last one was done: milliseconds since 1970 */
export interface Span {
  readonly begun: number;
  readonly ended: number;
}

/** What a cold one is given, to see how fast it is */
const firstEvents = 1_000;

/** A measurement takes that long at that speed; whole requests of a hundred. */
export const eventsFor = (perSecond: number, seconds: number, most = mostEvents): number =>
  Math.min(most, Math.max(500, Math.ceil((perSecond * seconds) / 100) * 100));

/** Events that warm up, and are thrown away. @returns how many a second the warm one does */
export async function warmUp(work: (phase: string, events: number) => Promise<Span>, seconds: number): Promise<number> {
  const timed = async (phase: string, events: number): Promise<number> => {
    const { begun, ended } = await work(phase, events);
    return (events * 1000) / (ended - begun);
  };
  const cold = await timed('cold', firstEvents);
  return timed('warm', eventsFor(cold, seconds));
}

export const now = (): number => performance.timeOrigin + performance.now();
