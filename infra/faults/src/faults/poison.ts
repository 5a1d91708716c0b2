import { monitorEventLoopDelay } from 'node:perf_hooks';
import { feedbackInbound, feedbackReceived, feedbackRouted, feedbackTagged } from '@closeloop/contracts';
import { canarySource } from '../load/canary.js';
import { type Load } from '../load/load.js';
import { limits, type Fault, type FaultContext } from './fault.js';
import { Poisoner } from './poisoner.js';
import { malformedBodies, poisonNames } from './poisons.js';

/** A p99 below it is a matter of chance: a window has some dozens of requests, and each waits its turn for the processor. */
const noiseMs = 150;

/** About as much as a quarter of the load: see ITEMS_PER_SECOND in run.ts. */
const betweenSeconds = 0.4;

const targets = [feedbackInbound, feedbackReceived, feedbackTagged, feedbackRouted].map(({ topic }) => topic);

async function expectRefused(context: FaultContext, poisoner: Poisoner, body: number): Promise<void> {
  const { subject } = context.rig;
  const url = context.random.pick(subject.ingestionUrls);
  const told = await poisoner.malformed(url, await subject.apiKey(canarySource), body);
  const text = malformedBodies[body]!;
  const what = `${text.slice(0, 30)}… (${text.length} bytes)`;
  // A body that is too large may be answered and the connection closed while it is still being sent.
  if (!/^\d{3}$/.test(told)) {
    if (text.length < 1_000_000) context.problem(`${what} had no answer: ${told}`);
    return;
  }
  context.injected();
  if (!told.startsWith('4')) context.problem(`${what} was answered ${told}`);
}

/** Milliseconds that the others' requests took, by window. */
class Windows {
  readonly #starts: number[] = [];

  constructor(
    private readonly load: Load,
    private readonly phase: string,
  ) {}

  begin(): void {
    this.load.phase(this.phase);
    this.#starts.push(this.#ms.length);
  }

  get #ms(): readonly number[] {
    return this.load.journal.stats(this.phase).ms;
  }

  /** The middle one of the windows' own: one hiccup of the machine falls into one window. */
  get p99(): number {
    return quantile(
      this.#starts.map((start, at) => quantile(this.#ms.slice(start, this.#starts[at + 1]), 0.99)),
      0.5,
    );
  }
}

/** The longest that ingestion's event loops stood still since they were last asked, milliseconds. */
async function ingestionLate(context: FaultContext): Promise<number> {
  const measures = await Promise.all(
    context.rig.subject.ingestionUrls.map((url) => fetch(`${url}/metrics`).then((answer) => answer.text())),
  );
  return Math.max(
    ...measures.map(
      (text) => Number(/^event_loop_delay_seconds\{quantile="1".*\} (\S+)$/m.exec(text)?.[1] ?? 0) * 1000,
    ),
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const poison: Fault = {
  name: 'poison',
  what: 'what nobody can read: not JSON, wrong schema, unknown type, 2 MB, deep, NUL; by HTTP and into each topic',
  async inject(context) {
    const { load, random, quick } = context;
    // Where no times are judged, each kind once will do.
    const [rounds, seconds] = !context.timed ? [1, 0] : quick ? [8, 2.5] : [15, 4];
    const poisoner = await Poisoner.start(context.rig.subject.kafkaBrokers, targets);
    try {
      const without = new Windows(load, 'undisturbed');
      const withPoison = new Windows(load, 'poison');
      const late = { without: monitorEventLoopDelay(), with: monitorEventLoopDelay() };
      const lateThere: Record<'without' | 'with', number[]> = { without: [], with: [] };
      let sent = 0;
      // The first of each kind warms up what only bad input needs; all count.
      const inTurn = random.shuffle(targets.flatMap((topic) => poisonNames.map((poison) => ({ topic, poison }))));
      const bodies = [...malformedBodies.keys()];
      // By turns, so that both see the same machine.
      for (let round = 0; round < rounds; round += 1) {
        if (context.timed) {
          without.begin();
          late.without.enable();
          await context.pause(seconds);
          late.without.disable();
          lateThere.without.push(await ingestionLate(context));
        }
        withPoison.begin();
        late.with.enable();
        const until = performance.now() + seconds * 1000;
        // The last round goes on until each kind was sent: on a busy machine that takes longer.
        const unsent = () => round === rounds - 1 && inTurn.length + bodies.length > 0;
        while (performance.now() < until || unsent()) {
          const { topic, poison: name } = inTurn.pop() ?? {
            topic: random.pick(targets),
            poison: random.pick(poisonNames),
          };
          await poisoner.send(topic, name);
          sent += 1;
          const body = bodies.pop();
          if (body !== undefined) await expectRefused(context, poisoner, body);
          await context.pause(context.timed ? betweenSeconds : betweenSeconds / 4);
        }
        late.with.disable();
        lateThere.with.push(await ingestionLate(context));
      }
      if (await poisoner.sendTwoMegabytes(feedbackInbound.topic)) context.problem('Kafka took a message of 2 MB');
      context.injected(sent);
      await allAreLetters(context, poisoner);
      const lateHere = { without: late.without.percentile(99) / 1e6, with: late.with.percentile(99) / 1e6 };
      context.fact('p99 without', without.p99);
      context.fact('p99 with', withPoison.p99);
      context.fact('harness late without', lateHere.without);
      context.fact('harness late with', lateHere.with);
      context.fact('ingestion late without', quantile(lateThere.without, 0.5));
      context.fact('ingestion late with', quantile(lateThere.with, 0.5));
      if (context.timed && withPoison.p99 > 2 * without.p99 && withPoison.p99 > noiseMs) {
        context.late(`the others' p99 went from ${without.p99} to ${withPoison.p99} ms`);
      }
    } finally {
      await poisoner.stop();
    }
    await context.recovers(limits.server, 'the last poison');
  },
};

async function allAreLetters(context: FaultContext, poisoner: Poisoner): Promise<void> {
  const patience = context.timed ? 5 : 60;
  const deadline = performance.now() + patience * 1000;
  let letters = await poisoner.letters();
  while (letters.some(({ seconds }) => seconds === null) && performance.now() < deadline) {
    await context.pause(0.1);
    letters = await poisoner.letters();
  }
  context.fact('slowest dead letter', Math.max(0, ...letters.map(({ seconds }) => seconds ?? 0)));
  let told = 0;
  for (const { topic, poison: name, seconds } of letters) {
    if (seconds === null) context.problem(`${name} in ${topic} is no dead letter after ${patience} s`);
    else if (seconds > limits.deadLetter && told++ < 5) {
      context.late(`${name} in ${topic} was a dead letter after ${seconds.toFixed(1)} s only`);
    }
  }
}
