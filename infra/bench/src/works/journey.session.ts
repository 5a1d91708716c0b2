import { feedbackIdOf, loopIdOf } from '@closeloop/contracts';
import { type Client } from 'pg';
import { bodiesOf, source } from '../load/feedback.js';
import { sendAll, sendBySchedule } from '../load/http.js';
import { ascending, quantile } from '../statistics.js';
import { type Running } from '../subjects/subject.js';
import {
  batches,
  countLoops,
  eventsFor,
  lastCommit,
  measure,
  now,
  untilCounted,
  warmUp,
  type Measured,
  type Span,
} from './measure.js';
import { type Session, type WorkName } from './work.js';

/** Of those who send one event a request */
const singleConnections = 64;

/** From HTTP accept to committed loop: many events a request, one a request, and how long one takes at half of that rate. */
export const journey: Session = {
  works: ['pipeline', 'single', 'latency'],
  parts: ['ingestion', 'sentiment', 'routing', 'loop'],
  subjects: ['ours', 'bare', 'stock-nest'],
  async run(place, running, { works, durations, texts }) {
    const client = await place.stores.database(new URL(running.loopDatabase).pathname.slice(1));
    const drained = async (phase: string, events: number, each: number): Promise<Span> => {
      const bodies = bodiesOf(texts, phase, events, each);
      const loops = (await countLoops(client)) + events;
      const begun = now();
      await sendAll(requestsOf(running, bodies, each));
      await untilCounted(running, loops, () => countLoops(client));
      return { begun, ended: await lastCommit(client) };
    };
    const results: Partial<Record<WorkName, Measured>> = {};
    try {
      const perSecond = await warmUp((phase, events) => drained(phase, events, batches.perRequest), durations.warmUp);
      if (works.has('pipeline')) {
        const events = eventsFor(perSecond, durations.measured);
        results.pipeline = await measure(place, running, events, () => drained('pipeline', events, batches.perRequest));
      }
      const timed = works.has('latency') && running.derivedIds;
      if (works.has('single') || timed) {
        const singly = await warmUp((phase, events) => drained(`${phase}-one`, events, 1), durations.warmUp);
        const events = eventsFor(singly, durations.measured);
        results.single = await measure(place, running, events, () => drained('single', events, 1));
      }
      if (timed) {
        const perSecond = results.single!.events / results.single!.seconds / 2;
        const events = eventsFor(perSecond, durations.measured);
        let due: Float64Array = new Float64Array();
        const measured = await measure(place, running, events, async () => {
          const loops = (await countLoops(client)) + events;
          due = await sendBySchedule(requestsOf(running, bodiesOf(texts, 'latency', events, 1), 1), perSecond);
          await untilCounted(running, loops, () => countLoops(client));
          return { begun: due[0]!, ended: await lastCommit(client) };
        });
        const sorted = ascending(await latencies(client, due, 'latency'));
        results.latency = { ...measured, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
      }
      return results;
    } finally {
      await client.end();
    }
  },
};

const requestsOf = ({ url, headers }: Running, bodies: readonly Buffer[], each: number) => ({
  ...{ url: url!, headers, bodies },
  path: each === 1 ? '/v1/feedback' : '/v1/feedback/batch',
  connections: each === 1 ? singleConnections : batches.connections,
});

/** From when each event was to be sent until its loop was committed: milliseconds. */
async function latencies(client: Client, due: Float64Array, phase: string): Promise<number[]> {
  const ids = Array.from(due, (_, at) => loopIdOf(feedbackIdOf(source, `${phase}-${at}`)));
  const { rows } = await client.query<{ id: string; at: number }>(
    `select loop_id as id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::float8 as at
       from loop where loop_id = any($1::uuid[])`,
    [ids],
  );
  if (rows.length !== ids.length) throw new Error(`${rows.length} loops of ${ids.length} are there`);
  const committed = new Map(rows.map(({ id, at }) => [id, at]));
  return ids.map((id, at) => committed.get(id)! - due[at]!);
}
