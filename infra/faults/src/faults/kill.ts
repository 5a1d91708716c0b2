import { type ServiceName } from '@closeloop/contracts';
import { type Random } from '../random.js';
import { type Moment } from '../rig/tcp-proxy.js';
import { type Replica } from '../rig/replica.js';
import { limits, type Fault, type FaultContext } from './fault.js';

/**
 * Where a process dies between two commits: what the stateful ones do in Postgres, and what all of them send. In the order in which a
 * service's kills go through them: first where the work is done and nobody was told, so that it is done again.
 */
const hopMoments: readonly Moment[] = ['produce-answer', 'produce'];
const effectMoments: readonly Moment[] = ['commit-answer', 'produce-answer', 'commit', 'produce'];
const momentsOf: Readonly<Record<ServiceName, readonly Moment[]>> = {
  ingestion: effectMoments,
  sentiment: hopMoments,
  // Nobody corrects anything here, so it has nothing to send.
  learning: ['commit-answer', 'commit'],
  routing: hopMoments,
  // Nothing is routed anew here, so it has nothing to send.
  rehearsal: ['commit-answer', 'commit'],
  loop: effectMoments,
  insights: ['commit-answer', 'commit'],
};

/** Who dies next, and where. */
class Victims {
  readonly #left: Replica[] = [];
  readonly #moments = new Map<ServiceName, number>();

  constructor(
    private readonly replicas: readonly Replica[],
    private readonly random: Random,
  ) {}

  /** Everybody once before anybody twice; never one twice at a time */
  next(count: number): Replica[] {
    if (this.#left.length < count) {
      this.#left.push(...this.random.shuffle(this.replicas.filter((replica) => !this.#left.includes(replica))));
    }
    return this.#left.splice(0, count);
  }

  /** Undefined: at any moment, as one in three */
  moment({ service }: Replica): Moment | undefined {
    if (this.random.chance(1 / 3)) return undefined;
    const moments = momentsOf[service];
    const turn = this.#moments.get(service) ?? 0;
    this.#moments.set(service, turn + 1);
    return moments[turn % moments.length];
  }
}

/** Kills it while the proxy holds what its promise hangs on; at once where that does not come by. */
async function killAt(context: FaultContext, replica: Replica, moment: Moment): Promise<void> {
  const proxy = moment.startsWith('commit') ? replica.postgres : replica.kafka;
  const held = await proxy.at(moment, 4, context.signal);
  if (replica.kill()) {
    context.injected();
    if (held) context.count(`at ${moment}`);
  }
  // The connections go with the process; what another one of it had is to flow again.
  proxy.cutAll();
}

async function killNow(context: FaultContext, replica: Replica): Promise<void> {
  await context.pause(context.random.int(0, 1500) / 1000);
  if (replica.kill()) context.injected();
}

/** Some at once; then waits until everything flows. */
async function round(context: FaultContext, victims: Victims, most: number): Promise<void> {
  const { random } = context;
  const before = context.injections;
  await Promise.all(
    victims.next(Math.min(most, context.quick ? 3 : random.int(2, 5))).map((replica) => {
      const moment = victims.moment(replica);
      return moment === undefined ? killNow(context, replica) : killAt(context, replica, moment);
    }),
  );
  await context.recovers(limits.killed, `${context.injections - before} kills`);
}

export const kill: Fault = {
  name: 'kill',
  what: 'SIGKILL to each service, several at once, at random moments and between the two commits',
  mayEnd: true,
  async inject(context) {
    const wanted = context.kills ?? (context.quick ? 6 : 40);
    const victims = new Victims(context.rig.replicas, context.random);
    const until = context.minutes === undefined ? Infinity : performance.now() + context.minutes * 60_000;
    while (context.injections < wanted && performance.now() < until && !context.signal.aborted) {
      await round(context, victims, wanted - context.injections);
      if (context.kills !== undefined) context.say(`${context.injections} of ${wanted}`);
    }
  },
};
