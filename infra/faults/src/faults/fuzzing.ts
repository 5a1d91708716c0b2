import { fuzz } from '../fuzz/fuzz.js';
import { limits, type Fault } from './fault.js';

export const fuzzing: Fault = {
  name: 'fuzz',
  what: 'malformed requests to all routes and malformed events to all topics, of the seed',
  afterVerdict: true,
  async inject(context) {
    const { rig, random, signal, quick } = context;
    const { requests, messages, findings } = await fuzz(rig.subject, {
      seed: random.int(0, 0x7fffffff),
      seconds: quick ? 6 : 120,
      say: (line) => context.say(line),
      signal,
      otherUrls: (['sentiment', 'learning', 'routing', 'rehearsal', 'insights'] as const).flatMap((service) =>
        rig.of(service).map(({ url }) => url),
      ),
    });
    context.injected(requests + messages);
    for (const finding of findings) context.problem(finding);
    await context.recovers(limits.server, 'the last malformed event');
  },
};
