import { invalid } from '@closeloop/platform';
import { type ListedAndShown } from '../application/read-loops.handler.js';
import { type LoopFilter, type LoopOrder } from '../domain/loop-store.js';
import { isUuid, oneOf } from './request.js';

/** Where a page of loops ended, as text that tells nobody anything. It holds for the order that it was given in. */
export function placeAfter(order: LoopOrder, { loop, dueAt }: ListedAndShown): string {
  const at = order === 'due' ? dueAt : loop.openedAt;
  return Buffer.from(JSON.stringify([order, at?.toISOString() ?? null, loop.loopId])).toString('base64url');
}

/** @throws Problem `invalid` for one that was not given in this order */
export function placeOf(value: unknown, order: LoopOrder): LoopFilter['after'] {
  const cursor = oneOf('cursor', value);
  if (cursor === undefined) return undefined;
  try {
    const [given, at, loopId] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string, string];
    if (given === order && isUuid(loopId)) {
      if (at === null && order === 'due') return { loopId };
      if (!Number.isNaN(Date.parse(at))) return { at: new Date(at), loopId };
    }
  } catch {
    // told below
  }
  throw invalid('', 'cursor', 'cursor is not one that this route gave in this order.');
}
