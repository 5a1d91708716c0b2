import { setTimeout as sleep } from 'node:timers/promises';
import { untilFlowing } from '../load/canary.js';
import { type Load } from '../load/load.js';
import { type Random } from '../random.js';
import { type Replica } from '../rig/replica.js';
import { type Rig } from '../rig/rig.js';

/** What the system must reach. Seconds, megabytes */
export const limits = {
  /** The longest session timeout, and two */
  killed: 12,
  /** Kafka or Postgres is there again */
  server: 10,
  drain: 5,
  unready: 10,
  memory: 180,
  deadLetter: 1,
} as const;

/** Something that is broken on purpose. */
export interface Fault {
  readonly name: string;
  /** One line, for --help */
  readonly what: string;
  /** An answer of 503 is right while it lasts */
  readonly mayRefuse?: boolean;
  /** Minutes; only in a run that is given the time, or by name */
  readonly long?: boolean;
  /** It writes what nobody was told of, so it comes when the oracle has judged the rest; what it sees itself counts. */
  readonly afterVerdict?: boolean;
  /** A service that cannot consume may end, other than with 0 */
  readonly mayEnd?: boolean;
  /** Why it cannot be done here. `cache`: a folder for what is downloaded */
  unavailable?(rig: Rig, cache: string): string | undefined | Promise<string | undefined>;
  /** Breaks it and mends it again. What it throws is a failure of the harness, not of what it looks at. */
  inject(context: FaultContext): Promise<void>;
}

export interface FaultSettings {
  readonly rig: Rig;
  readonly load: Load;
  readonly random: Random;
  readonly quick: boolean;
  /** Of the whole run, where that was asked for */
  readonly minutes: number | undefined;
  readonly kills: number | undefined;
  /** Whether what takes longer than it may is a problem, or only told: beside other work it says nothing */
  readonly timed: boolean;
  /** Where what is downloaded lies */
  readonly cache: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const FLOWS_WITHIN_S = 90;

/** What a fault works with, and what it says of what it saw. */
export class FaultContext {
  injections = 0;
  /** The longest */
  recoveredSeconds: number | undefined;
  readonly problems: string[] = [];
  readonly facts: Record<string, number> = {};
  readonly random: Random;

  constructor(
    readonly name: string,
    private readonly settings: FaultSettings,
  ) {
    this.random = settings.random.fork();
  }

  get rig(): Rig {
    return this.settings.rig;
  }
  get load(): Load {
    return this.settings.load;
  }
  get quick(): boolean {
    return this.settings.quick;
  }
  get kills(): number | undefined {
    return this.settings.kills;
  }
  get timed(): boolean {
    return this.settings.timed;
  }
  get minutes(): number | undefined {
    return this.settings.minutes;
  }
  get cache(): string {
    return this.settings.cache;
  }
  get signal(): AbortSignal {
    return this.settings.signal;
  }

  say(line: string): void {
    this.settings.say(`${this.name}: ${line}`);
  }

  problem(text: string): void {
    this.problems.push(text);
    this.say(`✘ ${text}`);
  }

  /** It was longer than it may be. */
  late(text: string): void {
    if (this.timed) this.problem(text);
    else this.say(text);
  }

  /** The highest of those that are told under a name */
  fact(name: string, value: number): void {
    this.facts[name] = Math.max(this.facts[name] ?? 0, Math.round(value * 100) / 100);
  }

  count(name: string, by = 1): void {
    this.facts[name] = (this.facts[name] ?? 0) + by;
  }

  injected(times = 1): void {
    this.injections += times;
  }

  pause(seconds: number): Promise<void> {
    return sleep(seconds * 1000, undefined, { signal: this.signal });
  }

  /** Call it when the fault is over: waits until everything flows again, and notes how long that took. */
  async recovers(limit: number, after: string): Promise<void> {
    try {
      const seconds = await untilFlowing(this.rig.subject, { timeoutSeconds: FLOWS_WITHIN_S, signal: this.signal });
      this.recoveredSeconds = Math.max(this.recoveredSeconds ?? 0, seconds);
      if (seconds > limit) this.late(`it flowed again ${seconds.toFixed(1)} s after ${after}; ${limit} s are allowed`);
      else this.say(`flows ${seconds.toFixed(1)} s after ${after}`);
    } catch (error) {
      this.signal.throwIfAborted();
      this.recoveredSeconds = FLOWS_WITHIN_S;
      this.problem(`it did not flow again after ${after}: ${(error as Error).message}`);
    }
  }

  /** Those that cannot consume since `since` (milliseconds since 1970) must say so within ten seconds, or end. */
  expectUnready(replicas: readonly Replica[], since: number): void {
    for (const replica of replicas) {
      const until = since + (limits.unready + 1) * 1000;
      // Asked twice a second, so it may have been half a second earlier than it was seen.
      if (!this.rig.watch.wasUnready(replica, since, until)) {
        this.problem(`${replica.name} could not consume and was ready all the same after ${limits.unready} s`);
      }
    }
  }
}
