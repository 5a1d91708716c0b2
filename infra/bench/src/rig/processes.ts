import { readdir, readFile } from 'node:fs/promises';

/** Of Linux, whatever the machine: `getconf CLK_TCK` */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  /** User and system time of it and of its children that ended: seconds */
  readonly cpuSeconds: number;
}

/** `text`: of /proc/PID/stat. The name in it may hold anything, so it is read from its last bracket on. */
export function readStat(text: string): Stat {
  // after the name: state, parent, … user and system time, and those of children that were waited for (proc_pid_stat(5): fields 14 to 17)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
  return { parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
}

async function allStats(): Promise<Map<number, Stat>> {
  const names = await readdir('/proc').catch((cause: unknown) => {
    throw new Error('CPU seconds are read from /proc, which only Linux has.', { cause });
  });
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)] as const),
  );
  return new Map(stats.flatMap(([pid, text]) => (text === undefined ? [] : [[pid, readStat(text)] as const])));
}

/** CPU seconds by name: of each process, of what it has started, and of what of that has ended.
 * @throws where there is no /proc */
export async function cpuSecondsOf(pids: Readonly<Record<string, number>>): Promise<Record<string, number>> {
  const stats = await allStats();
  const childrenOf = new Map<number, number[]>();
  for (const [pid, { parent }] of stats) {
    const children = childrenOf.get(parent);
    if (children) children.push(pid);
    else childrenOf.set(parent, [pid]);
  }
  const sum = (pid: number): number =>
    (stats.get(pid)?.cpuSeconds ?? 0) + (childrenOf.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, sum(pid)]));
}

/** The most memory that a process had resident since it began: MB (10⁶ bytes). 0 where it is gone. */
export async function peakMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return (Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024) / 1e6;
}
