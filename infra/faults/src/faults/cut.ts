import { type TcpProxy } from '../rig/tcp-proxy.js';
import { limits, type Fault, type FaultContext } from './fault.js';

/** Does that to the connections for so long, and lets them be. */
async function disturb(
  context: FaultContext,
  proxies: readonly TcpProxy[],
  seconds: number,
  disturbance: (proxy: TcpProxy) => void,
): Promise<void> {
  try {
    proxies.forEach(disturbance);
    context.injected();
    await context.pause(seconds);
  } finally {
    for (const proxy of proxies) proxy.pass();
  }
}

export const cut: Fault = {
  name: 'cut',
  what: 'the network to Kafka and to Postgres: cut each 150 ms, black hole, delay of 200 ms, reset in an answer',
  mayEnd: true,
  mayRefuse: true,
  async inject(context) {
    const { rig, quick } = context;
    const kafka = rig.replicas.map((replica) => replica.kafka);
    const postgres = rig.replicas.map((replica) => replica.postgres);
    const cutting = (proxy: TcpProxy) => proxy.cutEvery(150);
    const hole = (proxy: TcpProxy) => proxy.set('black-hole');
    if (quick) {
      await disturb(context, [...kafka, ...postgres], 2, cutting);
      await disturb(context, [...kafka.slice(0, 4), ...postgres.slice(4)], 3, hole);
      await disturb(context, [...kafka, ...postgres], 1.5, (proxy) => proxy.set('reset'));
      await disturb(context, [...kafka, ...postgres], 1.5, (proxy) => proxy.set('delay'));
      await context.recovers(limits.server, 'the network was mended');
      return;
    }
    for (const side of [kafka, postgres]) {
      const name = side === kafka ? 'Kafka' : 'Postgres';
      await disturb(context, side, 20, cutting);
      await context.recovers(limits.server, `cuts to ${name}`);
      const since = Date.now();
      const behind = rig.replicas.filter(({ options }) => options.number === 1);
      const theirs = behind.map((replica) => (side === kafka ? replica.kafka : replica.postgres));
      await disturb(context, theirs, 20, hole);
      const consumers = behind.filter(
        ({ service }) => side === kafka || ['ingestion', 'learning', 'rehearsal', 'loop', 'insights'].includes(service),
      );
      context.expectUnready(consumers, since);
      await context.recovers(limits.server, `a black hole to ${name}`);
      await disturb(context, side, 20, (proxy) => proxy.set('delay'));
      await context.recovers(limits.server, `delays to ${name}`);
      await disturb(context, side, 20, (proxy) => proxy.set('reset'));
      await context.recovers(limits.server, `resets by ${name}`);
    }
  },
};
