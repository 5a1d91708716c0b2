import { type EntityManager } from 'typeorm';
import { type Contact } from '../domain/follow-up.js';
import { contactsOf, lockCustomers } from './contact.statement.js';
import { type LoopEntity } from './loop.entity.js';

export interface DueLoop {
  readonly loop: Pick<LoopEntity, 'state' | 'cycle' | 'team'>;
  readonly contacts: readonly Contact[];
  readonly customer?: string;
}

/**
 * Locks the loops of what is due, by their ids: customers before loops, as settling does, so that nobody waits in a circle. Left out is
 * a loop that somebody else holds, and one whose customer has changed meanwhile and is not locked: it is due again.
 */
export async function lockDueLoops(
  manager: EntityManager,
  due: readonly { readonly loopId: string; readonly customer: string | null }[],
  customerOf: (customer: string | undefined, contacts: readonly Contact[]) => string | undefined,
): Promise<Map<string, DueLoop>> {
  const loopIds = [...new Set(due.map(({ loopId }) => loopId))];
  const before = await contactsOf(manager, loopIds);
  const customers = new Set(
    due.flatMap(({ loopId, customer }) => customerOf(customer ?? undefined, before.get(loopId) ?? []) ?? []),
  );
  await lockCustomers(manager, [...customers].sort());
  const loops = await manager.query<Pick<LoopEntity, 'loopId' | 'state' | 'cycle' | 'team' | 'customer'>[]>(
    `select loop_id "loopId", state, cycle, team, customer from loop
      where loop_id = any($1::uuid[]) order by loop_id for update skip locked`,
    [loopIds],
  );
  const reached = await contactsOf(
    manager,
    loops.map(({ loopId }) => loopId),
  );
  return new Map(
    loops.flatMap(({ loopId, customer: known, ...loop }) => {
      const contacts = reached.get(loopId) ?? [];
      const customer = customerOf(known ?? undefined, contacts);
      if (customer !== undefined && !customers.has(customer)) return [];
      return [[loopId, { loop, contacts, ...(customer !== undefined && { customer }) }] as const];
    }),
  );
}
