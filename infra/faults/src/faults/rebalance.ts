import { loopChanged } from '@closeloop/contracts';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { limits, type Fault, type FaultContext } from './fault.js';

/** More than steady, so that what comes out is what the services can, or near it. Items a second */
const PACE = 120;

async function settledSoFar(admin: Admin): Promise<number> {
  const partitions = await admin.fetchTopicOffsets(loopChanged.topic);
  return partitions.reduce((sum, { high }) => sum + Number(high), 0);
}

/** What the loop service says, a second */
async function throughput(admin: Admin, during: () => Promise<void>): Promise<number> {
  const before = await settledSoFar(admin);
  const begun = performance.now();
  await during();
  return ((await settledSoFar(admin)) - before) / ((performance.now() - begun) / 1000);
}

/** A third replica of that service comes, stays for three seconds and leaves, until the time is over. */
async function comeAndGo(context: FaultContext, service: 'sentiment' | 'routing' | 'loop', seconds: number) {
  const spare = context.rig.spares[service];
  const until = performance.now() + seconds * 1000;
  try {
    while (performance.now() < until) {
      spare.start();
      await spare.untilReady(30, context.signal);
      context.injected();
      await context.pause(3);
      const { how } = await spare.stop();
      if (how !== 0) context.problem(`${spare.name} ended with ${how} after SIGTERM`);
      await context.pause(1);
    }
  } finally {
    await spare.end();
  }
}

export const rebalance: Fault = {
  name: 'rebalance',
  what: 'a third replica joins and leaves every 3 s',
  async inject(context) {
    const { load, rig, random, quick } = context;
    const seconds = quick ? 8 : 60;
    const kafka = new Kafka({
      clientId: 'closeloop.faults',
      brokers: rig.subject.kafkaBrokers.split(','),
      logLevel: logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    try {
      load.phase('undisturbed');
      load.pace(PACE);
      await context.pause(2);
      const without = await throughput(admin, () => context.pause(seconds));
      load.phase('rebalance');
      const services = quick ? (['loop'] as const) : random.shuffle(['sentiment', 'routing', 'loop'] as const);
      const each = seconds / services.length;
      const disturbed = await throughput(admin, async () => {
        for (const service of services) await comeAndGo(context, service, each);
      });
      context.fact('per second without', without);
      context.fact('per second with', disturbed);
      if (disturbed < without / 2) {
        context.late(`${disturbed.toFixed(0)} a second were settled, ${without.toFixed(0)} undisturbed`);
      }
    } finally {
      load.pace(load.usualPace);
      await admin.disconnect();
    }
    await context.recovers(limits.killed, 'the last replica left');
  },
};
