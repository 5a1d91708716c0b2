import { setTimeout as sleep } from 'node:timers/promises';
import { type Subject } from '../subject.js';
import { positionsOf, withDatabase } from './stores.js';

const pollMs = 250;

/**
 * Waits until nothing is under way any more: every consumer is at the end of its partitions, the outboxes are empty and the ledger has
 * settled everything, no clock is about to strike, and teams and customers have been told.
 * @returns after how long, and what it still waited for when the time was over: nothing is as it should be
 */
export async function untilDrained(
  subject: Subject,
  { timeoutSeconds }: { timeoutSeconds: number },
): Promise<{ seconds: number; waitingFor: readonly string[] }> {
  const begun = performance.now();
  let before = '';
  for (;;) {
    const { waitingFor, ends } = await look(subject).catch((error: Error) => ({
      waitingFor: [`the stores cannot be read: ${error.message || error.name}`],
      ends: '',
    }));
    const seconds = (performance.now() - begun) / 1000;
    // what was between two stores at one look is in one of them at the next
    if (waitingFor.length === 0 && ends === before) return { seconds, waitingFor };
    before = waitingFor.length === 0 ? ends : '';
    if (seconds > timeoutSeconds)
      return { seconds, waitingFor: waitingFor.length > 0 ? waitingFor : ['something moves'] };
    await sleep(pollMs);
  }
}

async function look(subject: Subject): Promise<{ waitingFor: string[]; ends: string }> {
  const waitingFor: string[] = [];
  // the outbox of rehearsal lies in the database of routing
  for (const service of ['ingestion', 'learning', 'routing', 'loop', 'insights'] as const) {
    const unsent = await countOf(subject.databaseUrls[service], 'select count(*)::int as count from outbox');
    if (unsent > 0) waitingFor.push(`${service}: ${unsent} rows in the outbox`);
  }
  const positions = await positionsOf(subject);
  for (const { service, topic, partition, position, end } of positions) {
    if (position < end) waitingFor.push(`${service}: ${topic}/${partition} is at ${position} of ${end}`);
  }
  const due = await countOf(
    subject.databaseUrls.loop,
    `select count(*)::int as count from deadline where due_at < now() + interval '1 minute'`,
  );
  if (due > 0) waitingFor.push(`loop: ${due} deadlines are due soon`);
  for (const [what, database, from] of waiting) {
    const count = await countOf(subject.databaseUrls[database], `select count(*)::int as count from ${from}`);
    if (count > 0) waitingFor.push(`${database}: ${count} ${what}`);
  }
  const unsettled = await countOf(
    subject.databaseUrls.ingestion,
    `select count(*)::int as count from feedback
     where settled_revision < accepted_revision and dead_revision < accepted_revision`,
  );
  if (unsettled > 0) waitingFor.push(`ledger: ${unsettled} are unsettled`);
  return { waitingFor, ends: positions.map(({ end }) => end).join() };
}

/** What is tried until it is done. */
const waiting = [
  ['deliveries are pending', 'loop', `delivery where state = 'pending'`],
  ['follow-ups are pending', 'loop', `follow_up where state = 'pending'`],
  ['replies are requested', 'loop', `reply where state = 'requested'`],
  ['replies are to be sent', 'ingestion', 'reply where due_at is not null'],
] as const;

const countOf = (url: string, query: string): Promise<number> =>
  withDatabase(url, async (client) => (await client.query<{ count: number }>(query)).rows[0]!.count);
