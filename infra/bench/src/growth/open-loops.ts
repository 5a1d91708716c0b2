import { feedbackRouted } from '@closeloop/contracts';
import { type Client } from 'pg';
import { layDown } from '../load/kafka.js';
import { figuresOf } from '../report/figures.js';
import { pairedRatio, rotated, spreadOf, type Spread } from '../statistics.js';
import { ours } from '../subjects/ours.js';
import { placesIn, type Place, type Running } from '../subjects/subject.js';
import { stoppable } from '../works/life.js';
import { heldWhile } from '../works/parts.session.js';
import { measure, untilCounted, type Measured } from '../works/measure.js';
import { routedBy } from '../works/routed.js';
import { type GrowthOptions } from './growth-options.js';

/** Loops of the smaller table */
const few = 10_000;
/** Rows of one statement while loops are made */
const chunk = 200_000;
/** Loops that a new process opens before it is measured */
const warmUpLoops = 10_000;

export interface OpenLoopsFigures {
  readonly loops: readonly [few: number, many: number];
  /** Loops opened a second beside those that are open already */
  readonly eventsPerSecond: readonly [few: Spread, many: Spread];
  readonly cpuSecondsPerMillion: readonly [few: number, many: number];
  /** Many against few, round by round */
  readonly ratio: Spread;
}

/** One of the two services */
interface Life {
  readonly loops: number;
  readonly place: Place;
  readonly running: Running;
  readonly client: Client;
  given: number;
}

/** What the loop service writes a second, beside few open loops and beside many: two of it, each with a database of its own, in turns. */
export async function measureOpenLoops(many: number, options: GrowthOptions): Promise<OpenLoopsFigures> {
  const { stores, rounds, durations, texts, folder, say, signal } = options;
  const newPlace = placesIn(folder, stores, say);
  const each = durations.measured * 1_500;
  const messages = await routedBy(await newPlace('routed'), texts, warmUpLoops + rounds * each);
  const samples: Measured[][] = [[], []];
  const both: Life[] = [];
  try {
    for (const loops of [few, many]) {
      const place = await newPlace('open-loops');
      const running = stoppable(await ours.start(place, ['loop']), signal);
      const client = await stores.database(new URL(running.loopDatabase).pathname.slice(1));
      both.push({ loops, place, running, client, given: 0 });
      await makeLoops(client, loops, say, signal);
    }
    const open = async (life: Life, events: number) => {
      const { place, running, client } = life;
      const part = messages.slice(life.given, life.given + events);
      const topic = place.topicPrefix + feedbackRouted.topic;
      const begun = await heldWhile(running, () => layDown(stores.kafka, topic, part));
      const wanted = (life.given += events);
      // counting ten million rows would be most of the work: those that came are known by when they came
      await untilCounted(running, wanted, () => countOpened(client));
      return { begun, ended: await lastOpened(client) };
    };
    for (const life of both) await open(life, warmUpLoops);
    for (let round = 0; round < rounds; round++) {
      for (const at of rotated([...both.keys()], round)) {
        const life = both[at]!;
        const one = await measure(life.place, life.running, each, () => open(life, each));
        samples[at]!.push(one);
        say(`round ${round + 1} of ${rounds}, beside ${life.loops}: ${Math.round(one.events / one.seconds)} a second`);
      }
    }
  } finally {
    for (const { client, running } of both) {
      await client.end();
      await running.stop();
    }
  }
  const perSecond = samples.map((rows) => rows.map(({ events, seconds }) => events / seconds));
  const figures = samples.map(
    (rows) => figuresOf(rows.map((measured, round) => ({ work: 'loop', subject: 'ours', round, measured })))[0]!,
  );
  return {
    loops: [few, many],
    eventsPerSecond: [spreadOf(perSecond[0]!), spreadOf(perSecond[1]!)],
    cpuSecondsPerMillion: [figures[0]!.cpuSecondsPerMillion.median, figures[1]!.cpuSecondsPerMillion.median],
    ratio: pairedRatio(perSecond[1]!, perSecond[0]!)!,
  };
}

/** By what only loops that came through Kafka here have: a feedback's words. */
async function countOpened(client: Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>('select count(*)::int n from words');
  return rows[0]!.n;
}

async function lastOpened(client: Client): Promise<number> {
  const { rows } = await client.query<{ at: number }>(
    'select max(extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::float8 as at from words',
  );
  return rows[0]!.at;
}

/** Open loops with a clock each, and what tells a duplicate of their feedback; ids are spread as derived ones are. */
async function makeLoops(
  client: Client,
  loops: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await client.query('set synchronous_commit = off');
  for (let made = 0; made < loops; made += chunk) {
    signal.throwIfAborted();
    await client.query(
      `with made as materialized (
         select gen_random_uuid() loop_id, gen_random_uuid() feedback_id, gen_random_uuid() customer,
           (array['support','billing','product','shipping'])[1 + n % 4] team,
           date_trunc('milliseconds', now()) + n * interval '200 ms' as start
         from generate_series($1::int, $2::int) n
       ), loops as (
         insert into loop (loop_id, version, state, cycle, level, team, home, priority, waiting, feedback, customer, touched, topics, channel,
           sla_policy, historic, received_at, opened_at, terms, cycle_started_at, paused_ms, told, limit_at)
         select loop_id, 1, 'opened', 1, 0, team, team, 'medium', false, 1, customer, false, 'billing/refund', 'review',
           'standard', false, start, start, '1/standard/0/office', start, 0, 0, start + interval '1 day' from made
       ), due as (
         insert into deadline select loop_id, 'clock', start + interval '18 h' from made
       )
       insert into feedback (feedback_id, source, revision, tag_revision, route_revision, settlement, outcome, loop_id, place, team,
           sentiment, rating, received_at, content_hash, told_settlement, told_version, told_at)
         select feedback_id, 'shop', 1, 1, 1, 1, 'loop', loop_id, 'loop', team, 'negative', 0.2, start,
           sha256(feedback_id::text::bytea), 1, 1, start from made`,
      [made + 1, Math.min(loops, made + chunk)],
    );
    if ((made / chunk) % 5 === 4) say(`${Math.min(loops, made + chunk)} loops`);
  }
  await client.query('vacuum (analyze)');
}

export function openLoopsLines({ loops, eventsPerSecond, cpuSecondsPerMillion, ratio }: OpenLoopsFigures): string[] {
  return [
    ...loops.map((number, at) => {
      const { median, q1, q3 } = eventsPerSecond[at]!;
      return `beside ${String(number).padEnd(15)} ${median.toFixed(0)} loops a second (${q1.toFixed(0)} to ${q3.toFixed(0)}), ${cpuSecondsPerMillion[at]!.toFixed(0)} CPU seconds a million`;
    }),
    `many against few       ${ratio.median.toFixed(2)} × (${ratio.q1.toFixed(2)} to ${ratio.q3.toFixed(2)})`,
  ];
}
