import { feedbackReceived, feedbackRouted } from '@closeloop/contracts';
import { type Client } from 'pg';
import { layDown, Reading, receivedMessages } from '../load/kafka.js';
import { peakMegabytes } from '../rig/processes.js';
import { ours } from '../subjects/ours.js';
import { placesIn, type Place, type Running } from '../subjects/subject.js';
import { stoppable } from '../works/life.js';
import { heldWhile } from '../works/parts.session.js';
import { countLoops, untilCounted, warmUp, type Span } from '../works/measure.js';
import { type GrowthOptions } from './growth-options.js';

/** The smaller one is that part of the larger one. */
const smaller = 10;
/** Messages that are made at once */
const chunk = 50_000;
/** Loops that are committed before the rate of loops is taken, while the service is new */
const firstLoops = 20_000;

export interface Drained {
  readonly events: number;
  readonly eventsPerSecond: number;
}

export interface BacklogFigures {
  readonly hops: readonly Drained[];
  readonly loop: readonly Drained[];
  /** The larger against the smaller */
  readonly ratios: Readonly<Record<'hops' | 'loop', number>>;
  /** Most memory resident by service, behind the larger backlog: MB */
  readonly rssMb: Readonly<Record<string, number>>;
}

/**
 * How fast a backlog is worked off, and a tenth of it: first by the two middle hops, then what they made of it by the loop service, which starts
 * when all of it is there.
 */
export async function measureBacklog(backlog: number, options: GrowthOptions): Promise<BacklogFigures> {
  const newPlace = placesIn(options.folder, options.stores, options.say);
  const few = await drain(await newPlace('backlog'), Math.round(backlog / smaller), options);
  const many = await drain(await newPlace('backlog'), backlog, options);
  return {
    hops: [few.hops, many.hops],
    loop: [few.loop, many.loop],
    ratios: {
      hops: many.hops.eventsPerSecond / few.hops.eventsPerSecond,
      loop: many.loop.eventsPerSecond / few.loop.eventsPerSecond,
    },
    rssMb: many.rssMb,
  };
}

async function drain(place: Place, backlog: number, options: GrowthOptions) {
  const { stores, topicPrefix, databasePrefix, say } = place;
  try {
    const middle = await drainHops(place, backlog, options);
    say(`${backlog} through the hops: ${middle.hops.eventsPerSecond.toFixed(0)} a second`);
    const last = await drainLoop(place, backlog, middle.given, options);
    say(`${backlog} into loops: ${last.loop.eventsPerSecond.toFixed(0)} a second`);
    return { hops: middle.hops, loop: last.loop, rssMb: { ...middle.rssMb, ...last.rssMb } };
  } finally {
    await stores.drop(topicPrefix, databasePrefix);
  }
}

async function drainHops(place: Place, backlog: number, { texts, durations, signal }: GrowthOptions) {
  const { stores, topicPrefix, say } = place;
  const received = topicPrefix + feedbackReceived.topic;
  const running = stoppable(await ours.start(place, ['sentiment', 'routing']), signal);
  const reading = await Reading.start(stores.kafka, topicPrefix + feedbackRouted.topic);
  try {
    const lay = async (phase: string, events: number): Promise<void> => {
      for (let laid = 0; laid < events; laid += chunk) {
        signal.throwIfAborted();
        const messages = receivedMessages(texts, `${phase}-${laid}`, Math.min(chunk, events - laid));
        await layDown(stores.kafka, received, messages);
      }
    };
    await warmUp(async (phase, events): Promise<Span> => {
      const wanted = reading.count + events;
      const begun = await heldWhile(running, () => lay(phase, events));
      await untilCounted(running, wanted, () => Promise.resolve(reading.count), 20);
      return { begun, ended: reading.lastAt };
    }, durations.warmUp);
    const before = reading.count;
    await heldWhile(running, () => lay('backlog', backlog));
    say(`${backlog} lie there`);
    // who stood still for long joins its group anew: what that takes is not what a backlog does
    await untilCounted(running, before + 1, () => Promise.resolve(reading.count), 20);
    const [first, begun] = [reading.count, reading.lastAt];
    await untilCounted(running, before + backlog, () => Promise.resolve(reading.count), 20);
    const seconds = (reading.lastAt - begun) / 1000;
    return {
      hops: { events: backlog, eventsPerSecond: (before + backlog - first) / seconds },
      given: reading.count,
      rssMb: await peaks(running),
    };
  } finally {
    await reading.stop();
    await running.stop();
  }
}

async function drainLoop(place: Place, backlog: number, given: number, { signal }: GrowthOptions) {
  const running = stoppable(await ours.start(place, ['loop']), signal);
  const client = await place.stores.database(new URL(running.loopDatabase).pathname.slice(1));
  try {
    await untilCounted(running, given, () => countMany(client, given), 1_000);
    const { rows } = await client.query<{ loops: number; seconds: number }>(
      `select count(*)::int loops, extract(epoch from max(at) - min(at))::float8 seconds
         from (select pg_xact_commit_timestamp(xmin) at from loop order by 1 offset $1) later`,
      [firstLoops],
    );
    const { loops, seconds } = rows[0]!;
    return { loop: { events: backlog, eventsPerSecond: loops / seconds }, rssMb: await peaks(running) };
  } finally {
    await client.end();
    await running.stop();
  }
}

/** Counting a million rows each second would take a good part of what is measured: Postgres has noted what was inserted, and is near. */
async function countMany(client: Client, wanted: number): Promise<number> {
  const { rows } = await client.query<{ inserted: number }>(
    `select n_tup_ins::int inserted from pg_stat_user_tables where relid = 'loop'::regclass`,
  );
  const { inserted } = rows[0]!;
  return inserted < wanted ? inserted : countLoops(client);
}

async function peaks({ pids }: Running): Promise<Record<string, number>> {
  const all = Object.entries(pids).map(async ([name, pid]) => [name, await peakMegabytes(pid)] as const);
  return Object.fromEntries(await Promise.all(all));
}

export function backlogLines({ hops, loop, ratios, rssMb }: BacklogFigures): string[] {
  const line = (name: string, [few, many]: readonly Drained[], ratio: number): string =>
    `${name.padEnd(22)} ${few!.events}: ${few!.eventsPerSecond.toFixed(0)} a second; ${many!.events}: ${many!.eventsPerSecond.toFixed(0)} a second; ${ratio.toFixed(2)} ×`;
  return [
    line('backlog, hops', hops, ratios.hops),
    line('backlog, loops', loop, ratios.loop),
    `memory behind it        ${Object.entries(rssMb)
      .map(([name, megabytes]) => `${name} ${megabytes.toFixed(0)} MB`)
      .join(', ')}`,
  ];
}
