import { feedbackInbound, feedbackRouted, feedbackTagged } from '@closeloop/contracts';
import { type Replica } from '../rig/replica.js';
import { limits, type Fault, type FaultContext } from './fault.js';

/** Past every session timeout that is allowed */
const FROZEN_S = 13;

/** Frozen in the middle of its batch, woken when its partitions are another's, and only then does what it had begun arrive. */
async function freeze(context: FaultContext, replica: Replica): Promise<void> {
  const stateful = ['ingestion', 'learning', 'rehearsal', 'loop', 'insights'].includes(replica.service);
  const proxy = stateful ? replica.postgres : replica.kafka;
  // Of ingestion's batches, one of those whose events are counted exactly, and before it has taken its position: later its lock
  // on the row keeps the successor off by itself, and what the fence is there for does not happen.
  const held = await (replica.service === 'ingestion'
    ? proxy.at('statement', 5, context.signal, feedbackInbound.topic)
    : ['loop', 'rehearsal', 'insights'].includes(replica.service)
      ? proxy.at('commit', 5, context.signal, feedbackRouted.topic)
      : replica.service === 'learning'
        ? proxy.at('commit', 5, context.signal, feedbackTagged.topic)
        : proxy.at('produce', 5, context.signal));
  if (!replica.kill('SIGSTOP')) return;
  try {
    context.injected();
    if (held) context.count('in the middle of a batch');
    await context.pause(FROZEN_S);
  } finally {
    proxy.release();
    replica.kill('SIGCONT');
  }
}

export const zombie: Fault = {
  name: 'zombie',
  what: 'SIGSTOP to a consumer past its session timeout, in the middle of a batch, then SIGCONT',
  mayEnd: true,
  // The frozen one may be the one that a sender asks: it gets no answer, and none of 503.
  async inject(context) {
    const { rig, random } = context;
    const oneOfEach = () => [
      random.pick(rig.of('sentiment')),
      random.pick(rig.of('learning')),
      random.pick(rig.of('routing')),
      random.pick(rig.of('rehearsal')),
      random.pick(rig.of('loop')),
      random.pick(rig.of('insights')),
      random.pick(rig.of('ingestion')),
    ];
    const rounds = context.quick
      ? [oneOfEach()]
      : [...random.shuffle(rig.replicas).map((replica) => [replica]), oneOfEach()];
    for (const together of rounds) {
      await Promise.all(together.map((replica) => freeze(context, replica)));
      await context.recovers(limits.server, 'the zombie woke up');
    }
  },
};
