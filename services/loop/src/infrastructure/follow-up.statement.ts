import { type EntityManager } from 'typeorm';
import { followUpChange, followUpIdOf } from '../domain/follow-up.js';
import { type Loop } from '../domain/loop.js';

/**
 * Requests what is to be asked of customers whose loops are resolved by these moves, and takes back what was not sent
 * and whose loops are not any more. To be called in the transaction of the moves, when the loops are locked.
 */
export async function followLoops(
  tx: EntityManager,
  moves: readonly { readonly before: Loop; readonly loop: Loop }[],
): Promise<void> {
  const left: Loop[] = [];
  const requested: Loop[] = [];
  for (const { before, loop } of moves) {
    const change = followUpChange(before, loop);
    if (change.left) left.push(before);
    if (change.requested) requested.push(loop);
  }
  if (left.length > 0) {
    await tx.query(`update follow_up set state = 'void' where follow_up_id = any($1::uuid[]) and state = 'pending'`, [
      left.map(({ loopId, cycle }) => followUpIdOf(loopId, cycle)),
    ]);
  }
  if (requested.length > 0) {
    await tx.query(
      `insert into follow_up (follow_up_id, loop_id, cycle, state, customer, requested_at, due_at, expires_at)
        select id, loop_id, cycle, 'pending', customer, resolved_at, resolved_at, expires_at
        from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
          n(id, loop_id, cycle, customer, resolved_at, expires_at)`,
      [
        requested.map(({ loopId, cycle }) => followUpIdOf(loopId, cycle)),
        requested.map(({ loopId }) => loopId),
        requested.map(({ cycle }) => cycle),
        requested.map(({ customer }) => customer ?? null),
        requested.map(({ resolvedAt }) => resolvedAt!.toISOString()),
        requested.map(({ expiresAt }) => expiresAt!.toISOString()),
      ],
    );
  }
}

/** Connectors could not say these: nobody was asked, so that the cap does not count them. Their loops are locked. */
export async function skipUnsaid(tx: EntityManager, followUpIds: readonly string[]): Promise<void> {
  if (followUpIds.length === 0) return;
  await tx.query(
    `update follow_up set state = 'skipped', reason = 'refused', asked_at = null
      where follow_up_id = any($1::uuid[]) and state = 'handed-over'`,
    [followUpIds],
  );
}
