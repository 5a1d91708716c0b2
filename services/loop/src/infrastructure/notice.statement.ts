import { type Outbox } from '@closeloop/messaging';
import { type EntityManager } from 'typeorm';
import { outgoingSettlement, type Settled } from '../domain/notice.js';
import { type Reply } from '../domain/reply.js';

/** Others of the same improvement to the same customer hang on what became of it: it is their turn. */
export async function wakeOthers(manager: EntityManager, noticeIds: readonly string[]): Promise<void> {
  await manager.query(
    `update notice n set due_at = least(n.due_at, clock_timestamp()) from notice done
      where done.notice_id = any($1::uuid[]) and n.improvement_id = done.improvement_id and n.customer = done.customer
        and n.state = 'pending' and n.asked_at is null`,
    [noticeIds],
  );
}

/** What came of notices that connectors were to say, in the transaction that records it: those that failed go another way. */
export async function settleByReplies(
  manager: EntityManager,
  outbox: Outbox,
  replies: readonly Reply[],
): Promise<void> {
  const ids = (state: Reply['state']): string[] =>
    replies.filter((reply) => reply.kind === 'notice' && reply.state === state).map(({ replyId }) => replyId);
  const said = ids('sent');
  const failed = ids('failed');
  if (said.length > 0) {
    const rows = await manager.query<[Omit<Settled, 'outcome'>[], number]>(
      `update notice set state = 'sent', settled_at = clock_timestamp()
        where notice_id = any($1::uuid[]) and state = 'handed-over'
        returning notice_id "noticeId", improvement_id "improvementId", loop_id "loopId", way, settled_at "at"`,
      [said],
    );
    const settled = rows[0].map((row): Settled => ({ ...row, outcome: 'sent' }));
    await outbox.append(manager, settled.map(outgoingSettlement));
  }
  if (failed.length > 0) {
    // nobody was told, so that the cap does not count it
    await manager.query(
      `update notice set state = 'pending', due_at = clock_timestamp(), asked_at = null, way = null,
          failed = array_append(failed, way)
        where notice_id = any($1::uuid[]) and state = 'handed-over'`,
      [failed],
    );
  }
  if (said.length + failed.length > 0) await wakeOthers(manager, [...said, ...failed]);
}
