import { setTimeout as sleep } from 'node:timers/promises';

/** What a service says of its process. */
interface Vitals {
  readonly startedAt: number;
  readonly residentMb: number;
  /** Heap and buffers, garbage included */
  readonly usedMb: number;
}

/**
 * What is kept may grow by so much: the least that was used in the last third of the time, against the least in the second. How large the
 * process is says little, because a heap grows for as long as there is memory and no need to collect.
 */
const allowedGrowthMb = 24;

/** @throws when the service does not answer */
async function vitalsOf(url: string): Promise<Vitals> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  const read = (name: string): number =>
    Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  return {
    startedAt: read('process_start_time_seconds'),
    residentMb: read('process_resident_memory_bytes') / 2 ** 20,
    usedMb: (read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes')) / 2 ** 20,
  };
}

/** Watches the services' processes by what they tell over HTTP: that they live on, and that they do not grow. */
export class VitalSigns {
  readonly #first = new Map<string, Vitals>();
  readonly #used = new Map<string, number[]>();

  constructor(private readonly urls: readonly string[]) {}

  async begin(): Promise<void> {
    for (const url of this.urls) this.#first.set(url, await vitalsOf(url));
  }

  /** @returns what is wrong with a process */
  async check(): Promise<string[]> {
    const wrong: string[] = [];
    for (const url of this.urls) {
      try {
        const { startedAt, usedMb } = await vitalsOf(url);
        this.#used.set(url, [...(this.#used.get(url) ?? []), usedMb]);
        if (startedAt !== this.#first.get(url)!.startedAt)
          wrong.push(`${url}: its process ended and was started again`);
      } catch (error) {
        wrong.push(`${url}: its process does not answer: ${(error as Error).message}`);
      }
    }
    return wrong;
  }

  /** As `check`, and growth and readiness too, once there is nothing to do any more. */
  async end(say: (line: string) => void): Promise<string[]> {
    const wrong = await this.check();
    if (wrong.length > 0) return wrong;
    await sleep(3_000);
    for (const url of this.urls) {
      const { residentMb } = await vitalsOf(url);
      const used = this.#used.get(url) ?? [];
      const third = Math.floor(used.length / 3);
      const kept = (from: number, to?: number): number => Math.round(Math.min(...used.slice(from, to)));
      const [before, after] = [kept(third, 2 * third), kept(2 * third)];
      // Of a short run there is nothing to compare.
      const told = third > 0 ? `${before} MB, then ${after} MB` : `${after} MB`;
      say(`${url}: kept ${told}; the process has ${Math.round(residentMb)} MB`);
      if (third >= 5 && after > before + allowedGrowthMb) {
        wrong.push(`${url}: what is kept grew from ${before} MB to ${after} MB`);
      }
      const ready = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) });
      if (ready.status !== 200) wrong.push(`${url}: not ready: ${(await ready.text()).slice(0, 300)}`);
      else await ready.body?.cancel();
    }
    return wrong;
  }
}
