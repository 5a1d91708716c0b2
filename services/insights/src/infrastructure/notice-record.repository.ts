import { Injectable } from '@nestjs/common';
import { type NoticeSettled } from '@closeloop/contracts';
import { type EntityManager } from 'typeorm';
import { NoticeRecord } from '../domain/notice-record.js';

@Injectable()
export class NoticeRecordRepository extends NoticeRecord {
  override async settle(transaction: object, settled: readonly NoticeSettled[]): Promise<boolean[]> {
    const manager = transaction as EntityManager;
    const first = new Map([...settled].reverse().map((one) => [one.noticeId, one]));
    const known = await manager.query<{ id: string }[]>(
      'select notice_id id from notice where notice_id = any($1::uuid[]) order by notice_id for update',
      [[...first.keys()]],
    );
    const ids = new Set(known.map(({ id }) => id));
    const ours = [...first.values()].filter(({ noticeId }) => ids.has(noticeId));
    await manager.query(
      `update notice n set state = s.state, reason = s.reason, way = s.way, settled_at = s.at
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) s(id, state, reason, way, at)
        where n.notice_id = s.id and n.state = 'pending'`,
      [
        ours.map(({ noticeId }) => noticeId),
        ours.map(({ outcome }) => outcome),
        ours.map(({ outcome, reason }) => (outcome === 'skipped' ? (reason ?? 'unknown') : null)),
        ours.map(({ way }) => way ?? null),
        ours.map(({ at }) => at),
      ],
    );
    return settled.map(({ noticeId }) => ids.has(noticeId));
  }
}
