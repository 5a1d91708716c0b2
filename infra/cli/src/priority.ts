import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { type ProgramName } from './workspace.js';

/** Nobody waits for these: where processors are short the journey goes first, and they catch up. */
const beside: ReadonlySet<ProgramName> = new Set(['learning', 'rehearsal', 'insights']);

/** A third of the weight of the others: still enough to keep their place in Kafka's groups. */
const niceness = 5;

/** Lets a service that stands beside the journey yield to it on this machine. It never fails: it is a favour. */
export function yieldToJourney(service: ProgramName, pid: number): void {
  if (!beside.has(service)) return;
  try {
    setPriority(pid, niceness);
    // where Linux shares processors out by session first (sched_autogroup_enabled), as on desktops, that of the session counts (sched(7))
    if (process.platform === 'linux') writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // it ended already, or the system does not have it
  }
}
