import { type Replica } from '../rig/replica.js';
import { limits, type Fault, type FaultContext } from './fault.js';

/** SIGTERM, its end, and the next one. */
async function roll(context: FaultContext, replica: Replica): Promise<void> {
  const { seconds, how } = await replica.stop();
  context.injected();
  context.fact('drain seconds', seconds);
  if (seconds > limits.drain) context.late(`${replica.name} took ${seconds.toFixed(1)} s to stop`);
  if (how !== 0) context.problem(`${replica.name} ended with ${how} after SIGTERM`);
  replica.start();
  await replica.untilReady(60, context.signal);
}

export const restart: Fault = {
  name: 'restart',
  what: 'SIGTERM to each replica in turn, two of each service',
  async inject(context) {
    const { replicas } = context.rig;
    const rounds = context.quick
      ? [1, 2].map((number) => replicas.filter(({ options }) => options.number === number))
      : context.random.shuffle(replicas).map((replica) => [replica]);
    for (const together of rounds) {
      await Promise.all(together.map((replica) => roll(context, replica)));
      context.signal.throwIfAborted();
    }
    await context.recovers(limits.killed, 'the last restart');
    // Nobody listens: the sender asks the other replica, and nobody was told anything else.
    for (const [told, times] of Object.entries(context.load.stats().refused)) {
      if (told !== 'ECONNREFUSED') context.problem(`a client saw ${told} (${times} times)`);
    }
  },
};
