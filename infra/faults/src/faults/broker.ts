import { limits, type Fault } from './fault.js';

export const brokerKill: Fault = {
  name: 'broker-kill',
  what: 'SIGKILL to Kafka, and a new start',
  mayEnd: true,
  async inject(context) {
    const { rig } = context;
    for (const seconds of context.quick ? [2] : [2, 15]) {
      const since = Date.now();
      rig.signalServer('kafka', 'SIGKILL');
      context.injected();
      await context.pause(seconds);
      if (seconds > limits.unready) context.expectUnready(rig.replicas, since);
      await rig.startServer('kafka');
      await context.recovers(limits.server, `Kafka's start`);
    }
  },
};

export const brokerFreeze: Fault = {
  name: 'broker-freeze',
  what: 'SIGSTOP to Kafka for 5, 35 and 60 s, then SIGCONT',
  mayEnd: true,
  async inject(context) {
    const { rig } = context;
    for (const seconds of context.quick ? [5, 12] : [5, 35, 60]) {
      const since = Date.now();
      rig.signalServer('kafka', 'SIGSTOP');
      try {
        context.injected();
        await context.pause(seconds);
        if (seconds > limits.unready) context.expectUnready(rig.replicas, since);
      } finally {
        rig.signalServer('kafka', 'SIGCONT');
      }
      await context.recovers(limits.server, `${seconds} s without an answer of Kafka`);
    }
  },
};
