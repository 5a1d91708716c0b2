import { readFile } from 'node:fs/promises';
import { readinessOf, type Replica } from './replica.js';

interface Change {
  /** Milliseconds since 1970 */
  readonly at: number;
  readonly ready: boolean;
  readonly reasons: string;
}

/** Looks at every replica the whole time: is it ready, and how much memory does it have? */
export class Watch {
  readonly #changes = new Map<Replica, Change[]>();
  readonly #memory = new Map<Replica, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #asking = new Set<Replica>();

  constructor(replicas: readonly Replica[]) {
    const look = () => replicas.filter(({ wanted }) => wanted).forEach((replica) => void this.#ask(replica));
    const weigh = () => replicas.forEach((replica) => void this.#weigh(replica));
    this.#timers.push(setInterval(look, 500), setInterval(weigh, 1000));
    for (const timer of this.#timers) timer.unref();
  }

  stop(): void {
    this.#timers.forEach((timer) => clearInterval(timer));
  }

  /** Whether it was not ready, or not there, at some time between those two; milliseconds since 1970 */
  wasUnready(replica: Replica, since: number, until: number): boolean {
    const changes = this.#changes.get(replica) ?? [];
    const before = changes.findLast(({ at }) => at <= since);
    return before?.ready === false || changes.some(({ at, ready }) => at > since && at <= until && !ready);
  }

  /** The most that any process of that service had since forgetMemory(), in megabytes */
  mostMemory(service: string): number {
    const own = [...this.#memory].filter(([replica]) => replica.service === service).map(([, megabytes]) => megabytes);
    return Math.max(0, ...own);
  }

  forgetMemory(): void {
    this.#memory.clear();
  }

  async #ask(replica: Replica): Promise<void> {
    if (this.#asking.has(replica)) return;
    this.#asking.add(replica);
    const { ready, reasons } = await readinessOf(replica.url);
    this.#asking.delete(replica);
    const changes = this.#changes.get(replica) ?? [];
    if (changes.at(-1)?.ready !== ready) changes.push({ at: Date.now(), ready, reasons });
    if (changes.length > 1000) changes.shift();
    this.#changes.set(replica, changes);
  }

  async #weigh(replica: Replica): Promise<void> {
    const { pid } = replica;
    if (pid === undefined) return;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const megabytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    this.#memory.set(replica, Math.max(megabytes, this.#memory.get(replica) ?? 0));
  }
}
