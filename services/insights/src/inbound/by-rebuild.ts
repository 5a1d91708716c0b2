import { rebuildOf, resendHeader } from '@closeloop/contracts';
import { type IncomingEvent } from '@closeloop/messaging';

/**
 * The events of a batch, those of the live stream first (under undefined), then those that were sent again for a rebuild, under its id.
 * Within each in the order in which they came.
 */
export function byRebuild<T>(events: readonly IncomingEvent<T>[]): Map<string | undefined, T[]> {
  const parts = new Map<string | undefined, T[]>([[undefined, []]]);
  for (const { data, headers } of events) {
    const rebuild = rebuildOf(headers[resendHeader]);
    const part = parts.get(rebuild);
    if (part) part.push(data);
    else parts.set(rebuild, [data]);
  }
  return parts;
}
