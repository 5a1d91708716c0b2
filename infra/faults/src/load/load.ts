import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../random.js';
import { type Subject } from '../subject.js';
import { startAgents } from './agents.js';
import { Client, sendUntilAnswered, type Reply } from './client.js';
import { InboundProducer } from './inbound.js';
import { Journal, type Answer, type Told } from './journal.js';
import { loadSources } from './sources.js';
import { type Step } from './step.js';
import { stories } from './stories.js';

export { Journal } from './journal.js';

export interface LoadOptions {
  readonly seed: number;
  readonly itemsPerSecond: number;
  /** People who work loops at the same time */
  readonly agents: number;
  /** A share of what is sent is what must be refused */
  readonly poison: boolean;
  /** Where the journal is kept, as NDJSON; what stands there already is gone on with. Default: in memory only */
  readonly journalFile?: string;
  /** Aborted: it stops at once, and leaves open what was not answered */
  readonly signal?: AbortSignal;
}

export interface Load {
  readonly journal: Journal;
  /** Items begun from now on belong to that phase */
  phase(name: string): void;
  /** What it was begun with */
  readonly usualPace: number;
  pace(itemsPerSecond: number): void;
  /** Begins nothing new, and sends what is undetermined again until it is answered, for at most 60 s. */
  stop(): Promise<void>;
  /** Of the phase so far. `refused`: how often by status or error; `undetermined`: requests of which nothing certain was heard */
  stats(): LoadStats;
}

export interface LoadStats {
  readonly requests: number;
  /** Feedback that was accepted, revisions too */
  readonly accepted: number;
  readonly undetermined: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const stopWithinMs = 60_000;
/** Requests under way at once, at the most; while so many are, nothing new is begun. */
const maxInFlight = 48;
const maxBatch = 25;

/**
 * Steady load from connectors and agents through the public edges, deterministic by seed in what it sends. Each item is sent until it is
 * answered for good.
 */
export async function startLoad(subject: Subject, options: LoadOptions): Promise<Load> {
  const journal = await Journal.open(options.journalFile);
  const load = new RunningLoad(subject, options, journal);
  await load.start();
  return load;
}

class RunningLoad implements Load {
  readonly #client = new Client();
  readonly #random: Random;
  readonly #stopping = new AbortController();
  readonly #givenUp = new AbortController();
  readonly #keys = new Map<string, string>();
  readonly #steps = new Map<string, Generator<Step, never>>();
  readonly #inbound: InboundProducer;
  readonly #inFlight = new Set<Promise<void>>();
  #itemsPerSecond: number;
  #running: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #broken: Error | undefined;

  constructor(
    private readonly subject: Subject,
    private readonly options: LoadOptions,
    readonly journal: Journal,
  ) {
    const { seed, poison, itemsPerSecond } = options;
    // Every request listens to it.
    setMaxListeners(0, this.#stopping.signal, this.#givenUp.signal);
    this.#itemsPerSecond = itemsPerSecond;
    // every request under way listens to them
    setMaxListeners(0, this.#stopping.signal, this.#givenUp.signal);
    const prefix = `r${journal.loads}-s${seed}`;
    journal.begin(seed);
    if (journal.phases.length === 0) journal.beginPhase('start');
    this.#random = new Random(seed);
    for (const source of loadSources.http) {
      this.#steps.set(source, stories({ random: this.#random.fork(), source, prefix, poison, via: 'http' }));
    }
    const source = loadSources.kafka;
    this.#steps.set(source, stories({ random: this.#random.fork(), source, prefix, poison, via: 'kafka' }));
    this.#inbound = new InboundProducer(subject.kafkaBrokers, journal, this.#givenUp.signal);
    options.signal?.addEventListener('abort', () => {
      this.#stopping.abort();
      this.#givenUp.abort();
    });
  }

  async start(): Promise<void> {
    for (const source of loadSources.http) this.#keys.set(source, await this.subject.apiKey(source));
    const agents = startAgents(this.subject, {
      random: this.#random.fork(),
      agents: this.options.agents,
      keys: this.#keys,
      patience: { client: this.#client, journal: this.journal, signal: this.#givenUp.signal },
      stop: this.#stopping.signal,
    });
    this.#running = Promise.all([this.#send(), agents]);
    this.#running.catch((error: Error) => {
      this.#broken ??= error;
      this.#stopping.abort();
    });
  }

  phase(name: string): void {
    this.journal.beginPhase(name);
  }

  get usualPace(): number {
    return this.options.itemsPerSecond;
  }

  pace(itemsPerSecond: number): void {
    this.#itemsPerSecond = itemsPerSecond;
  }

  stats(): LoadStats {
    const { phase } = this.journal;
    const { requests, undetermined, refused, ms } = this.journal.stats(phase);
    const sorted = [...ms].sort((a, b) => a - b);
    const quantile = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    let accepted = 0;
    for (const { submission, answer } of this.journal.told) {
      if (submission.phase === phase && (answer?.result === 'accepted' || answer?.result === 'revised')) accepted++;
    }
    return { requests, accepted, undetermined, refused: { ...refused }, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    const late = setTimeout(() => this.#givenUp.abort(), stopWithinMs);
    try {
      await this.#running.catch(() => undefined);
      await Promise.all(this.#inFlight);
      await this.#inbound.close();
    } finally {
      clearTimeout(late);
      this.#givenUp.abort();
      this.#client.close();
      await this.journal.close();
    }
    if (this.#broken) throw this.#broken;
  }

  /** Begins requests at the pace that is asked for, as long as not too many are under way. What it was late with it does not make up. */
  async #send(): Promise<void> {
    const { signal } = this.#stopping;
    let due = performance.now();
    while (!signal.aborted) {
      const now = performance.now();
      if (now < due) await sleep(due - now, undefined, { signal }).catch(() => undefined);
      if (this.#inFlight.size >= maxInFlight) await Promise.race(this.#inFlight);
      if (signal.aborted) return;
      if (this.#itemsPerSecond <= 0) {
        due = performance.now() + 100;
        continue;
      }
      const items = this.#begin();
      due = Math.max(due + (items * 1000) / this.#itemsPerSecond, performance.now() - 1_000);
    }
  }

  /** @returns how many items */
  #begin(): number {
    const random = this.#random;
    const dice = random.int(0, 99);
    if (dice < 15) {
      const steps = this.#next(loadSources.kafka, random.int(1, 10));
      this.#keep(this.#inbound.send(steps));
      return steps.length;
    }
    const source = random.pick(loadSources.http);
    const first = random.int(0, 1);
    if (dice < 85) {
      const [step] = this.#next(source, 1);
      this.#keep(this.#sendOne(step!, first));
      return 1;
    }
    const drawn = this.#next(source, random.int(2, maxBatch));
    const together = drawn.filter(({ alone, idempotencyKey }) => !alone && idempotencyKey === undefined);
    for (const step of drawn) if (!together.includes(step)) this.#keep(this.#sendOne(step, first));
    const key = random.chance(0.5) ? `batch-${this.journal.loads}-${this.journal.told.length}` : undefined;
    if (together.length > 0) this.#keep(this.#sendMany(together, first, key));
    return drawn.length;
  }

  #next(source: string, count: number): Step[] {
    return Array.from({ length: count }, () => this.#steps.get(source)!.next().value);
  }

  #keep(work: Promise<void>): void {
    const kept = work
      .catch((error: Error) => {
        this.#broken ??= error;
        this.#stopping.abort();
      })
      .finally(() => this.#inFlight.delete(kept));
    this.#inFlight.add(kept);
  }

  async #sendOne(step: Step, first: number): Promise<void> {
    const [told] = this.journal.sends([{ ...step.notes, via: 'single' }]);
    const reply = await this.#post('/v1/feedback', step.body, [told!], first, step.idempotencyKey);
    if (reply) this.journal.answered(told!, answerOf(reply, reply.text));
  }

  async #sendMany(steps: readonly Step[], first: number, key: string | undefined): Promise<void> {
    const told = this.journal.sends(steps.map(({ notes }) => ({ ...notes, via: 'batch' })));
    const reply = await this.#post('/v1/feedback/batch', `[${steps.map(({ body }) => body).join()}]`, told, first, key);
    if (!reply) return;
    if (reply.status !== 200) throw new Error(`a batch was answered ${reply.status}: ${reply.text}`);
    const answers = JSON.parse(reply.text) as ({ problem?: { status: number } } & BodyOfAnswer)[];
    told.forEach((one, at) => {
      const { problem, ...rest } = answers[at]!;
      this.journal.answered(one, answerOf({ status: problem?.status ?? 200 }, JSON.stringify(rest)));
    });
  }

  #post(
    path: string,
    body: string,
    told: readonly Told[],
    first: number,
    key: string | undefined,
  ): Promise<Reply | undefined> {
    const { source, phase } = told[0]!.submission;
    return sendUntilAnswered(
      { client: this.#client, journal: this.journal, signal: this.#givenUp.signal },
      this.subject.ingestionUrls,
      first,
      {
        method: 'POST',
        path,
        headers: {
          authorization: `Bearer ${this.#keys.get(source)}`,
          'content-type': 'application/json',
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        body,
      },
      { phase, what: 'feedback', nos: told.map(({ submission: { no } }) => no) },
    );
  }
}

interface BodyOfAnswer {
  readonly result: 'accepted' | 'revised' | 'duplicate' | 'stale';
  readonly revision: number;
}

function answerOf({ status }: Pick<Reply, 'status'>, text: string): Answer {
  if (status !== 200 && status !== 202) return { result: 'rejected', status };
  const { result, revision } = JSON.parse(text) as BodyOfAnswer;
  return { result, revision };
}
