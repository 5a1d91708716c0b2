import { readFile } from 'node:fs/promises';
import { assertFree, PortTaken } from '@closeloop/embedded';
import { type Random } from '../random.js';

const LOWEST = 15_000;

/** Free ports that no outgoing connection is given as its own: a replica must find its port free after each death, and a
 * proxy that cuts makes many connections. */
export async function stablePorts(count: number, random: Random): Promise<number[]> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '32768');
  const highest = Math.max(LOWEST + 10 * count, Number.parseInt(range, 10) - 1);
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > 100 * count) throw new Error(`There are no ${count} free ports from ${LOWEST} to ${highest}.`);
    const port = random.int(LOWEST, highest);
    if (found.has(port)) continue;
    const free = await assertFree(port, 'the fault harness').then(
      () => true,
      (error: unknown) => {
        if (error instanceof PortTaken) return false;
        throw error;
      },
    );
    if (free) found.add(port);
  }
  return [...found];
}
