import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSecondsOf } from './rig/processes.js';

/** After the start: what is compiled, joined and cleaned up then is not idleness. */
const settleMs = 90_000;
const measuredMs = 60_000;

export interface IdleFigures {
  readonly seconds: number;
  /** Per cent of a core, by process with its children */
  readonly percentOfACore: Readonly<Record<string, number>>;
}

/** What each process takes while nobody says anything. */
export async function measureIdle(
  pids: Readonly<Record<string, number>>,
  say: (line: string) => void,
): Promise<IdleFigures> {
  say(`nothing happens for ${settleMs / 1000} s, and is then measured for ${measuredMs / 1000} s`);
  await sleep(settleMs);
  const [before, begun] = [await cpuSecondsOf(pids), performance.now()];
  await sleep(measuredMs);
  const [after, seconds] = [await cpuSecondsOf(pids), (performance.now() - begun) / 1000];
  const percent = (name: string): number => Math.round(((after[name]! - before[name]!) / seconds) * 10_000) / 100;
  return { seconds, percentOfACore: Object.fromEntries(Object.keys(pids).map((name) => [name, percent(name)])) };
}

export const idleLines = ({ percentOfACore }: IdleFigures): string[] =>
  Object.entries(percentOfACore).map(([name, percent]) => `idle, ${name.padEnd(17)} ${percent.toFixed(2)} % of a core`);
