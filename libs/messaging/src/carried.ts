import { resendHeader, stepNoter, trailHeader } from '@closeloop/contracts';
import { type Item, type Part } from './batch.js';
import { type WireHeaders } from './wire.js';

/** What is longer came from outside, and would make the events that carry it larger than their topic takes. */
const maxLength = 256;

const short = (value: string | undefined): string | undefined =>
  value !== undefined && value.length <= maxLength ? value : undefined;

/**
 * What the events that a part causes carry on: the trace, that it was sent again, and the way it came with this step added.
 * `replay_group` ends here: what a replayed event causes is for every group.
 * @param group without the environment's prefix
 */
export function carriedBy(
  { topic, partition, attempts }: Part,
  group: string,
  at: Date,
): (item: Item & { kind: 'event' }) => WireHeaders {
  const note = stepNoter({ group, topic, partition, at: at.toISOString(), attempts });
  return ({ message, payload }) => {
    const { headers } = payload;
    const carried: WireHeaders = { [trailHeader]: note(headers[trailHeader], message.offset) };
    const traceparent = short(headers['traceparent']);
    if (traceparent) carried['traceparent'] = traceparent;
    if (headers[resendHeader] !== undefined) carried[resendHeader] = short(headers[resendHeader]) ?? payload.id;
    else if ('replayed' in payload && payload.replayed) carried[resendHeader] = payload.id;
    return carried;
  };
}
