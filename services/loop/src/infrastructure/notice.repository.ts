import { Injectable } from '@nestjs/common';
import { type NoticeRequested } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { DataSource, type EntityManager } from 'typeorm';
import { type RequestedReply } from '../domain/follow-up-store.js';
import { type Asked, type Contact } from '../domain/follow-up.js';
import { NoticeStore, type DueNotice, type TellTransaction } from '../domain/notice-store.js';
import { outgoingSettlement, type Notice, type OtherNotice, type Settled } from '../domain/notice.js';
import { outgoingRequest, replyOf } from '../domain/reply.js';
import { bringBack } from './archive.statement.js';
import { askedSince } from './contact.statement.js';
import { lockDueLoops } from './due-loops.statement.js';
import { NoticeEntity, noticeOf } from './notice.entity.js';
import { wakeOthers } from './notice.statement.js';
import { insertReplies } from './reply.repository.js';

/** A frozen replica must not hold its loops and customers: the server gives them up after this long. */
const idleInTransactionMs = 5_000;

@Injectable()
export class NoticeRepository extends NoticeStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async request(
    transaction: object,
    requested: readonly NoticeRequested[],
    now: Date,
    expiresAt: Date,
  ): Promise<Settled[]> {
    const manager = transaction as EntityManager;
    const notices = [...new Map(requested.map((notice) => [notice.noticeId, notice])).values()];
    const texts = new Map(notices.map(({ improvementId, text }) => [improvementId, text]));
    const improvements = [...texts.keys()].sort();
    await manager.query(
      `insert into notice_message (improvement_id, text) select * from unnest($1::uuid[], $2::text[]) on conflict do nothing`,
      [improvements, improvements.map((id) => texts.get(id)!)],
    );
    const ids = notices.map(({ noticeId }) => noticeId);
    await manager.query(
      `insert into notice (notice_id, improvement_id, loop_id, state, reason, requested_at, due_at, expires_at, settled_at)
        select n.id, n.improvement_id, n.loop_id, case when known then 'pending' else 'skipped' end,
          case when not known then 'no-loop' end, $4, $4, $5, case when not known then $4::timestamptz end
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) n(id, improvement_id, loop_id) cross join lateral (
          select exists (select from loop l where l.loop_id = n.loop_id)
            or exists (select from loop_archive a where a.loop_id = n.loop_id) as known) k
        order by n.id
        on conflict do nothing`,
      [ids, notices.map(({ improvementId }) => improvementId), notices.map(({ loopId }) => loopId), now, expiresAt],
    );
    const rows = await manager.query<
      (Omit<Settled, 'reason' | 'way'> & { reason: string | null; way: string | null })[]
    >(
      `select notice_id "noticeId", improvement_id "improvementId", loop_id "loopId", state outcome, reason, way, settled_at "at"
        from notice where notice_id = any($1::uuid[]) and settled_at is not null`,
      [ids],
    );
    return rows.map(({ reason, way, ...row }) => ({
      ...row,
      ...(reason !== null && { reason }),
      ...(way !== null && { way }),
    }));
  }

  override async handOver<T>(work: (tx: TellTransaction, now: Date) => Promise<T>): Promise<T> {
    this.outbox.assertRoom();
    return this.run((manager, now) => work(new PostgresTell(manager, this.outbox), now));
  }

  private async run<T>(work: (manager: EntityManager, now: Date) => Promise<T>): Promise<T> {
    const result = await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ now: Date }[]>(
        `select date_trunc('milliseconds', clock_timestamp()) as now,
            set_config('idle_in_transaction_session_timeout', $1, true)`,
        [String(idleInTransactionMs)],
      );
      return work(manager, row!.now);
    });
    this.outbox.wake();
    return result;
  }

  override async sent(noticeId: string): Promise<void> {
    await this.run(async (manager, at) => {
      const [[row]] = await manager.query<[Omit<Settled, 'outcome' | 'at'>[], number]>(
        `update notice set state = 'sent', settled_at = $2 where notice_id = $1 and state = 'pending'
          returning notice_id "noticeId", improvement_id "improvementId", loop_id "loopId", way`,
        [noticeId, at],
      );
      if (!row) return;
      await wakeOthers(manager, [noticeId]);
      await this.outbox.append(manager, [outgoingSettlement({ ...row, outcome: 'sent', at })]);
    });
  }

  override async notTaken(noticeId: string, next: { readonly at: Date } | 'refused'): Promise<void> {
    await this.run(async (manager) => {
      if (next !== 'refused') {
        await manager.query(`update notice set due_at = $2 where notice_id = $1 and state = 'pending'`, [
          noticeId,
          next.at,
        ]);
        return;
      }
      // nobody was told, so that the cap does not count it
      await manager.query(
        `update notice set due_at = clock_timestamp(), asked_at = null, way = null, failed = array_append(failed, way)
          where notice_id = $1 and state = 'pending' and way is not null`,
        [noticeId],
      );
      await wakeOthers(manager, [noticeId]);
    });
  }

  override async untilNext(): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ wait: number | null }[]>(
      `select (extract(epoch from min(due_at) - clock_timestamp()) * 1000)::float8 as wait
        from notice where state = 'pending'`,
    );
    return row?.wait ?? undefined;
  }
}

class PostgresTell implements TellTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  async lockDue(
    now: Date,
    limit: number,
    customerOf: (customer: string | undefined, contacts: readonly Contact[]) => string | undefined,
  ): Promise<DueNotice[]> {
    const found = await this.manager.query<{ id: string; loopId: string; customer: string | null; kept: boolean }[]>(
      `select n.id, n.loop_id "loopId", coalesce(l.customer, a.customer) customer, l.loop_id is not null kept from (
         select notice_id id, loop_id from notice where state = 'pending' and due_at <= $1 order by due_at limit $2
       ) n left join loop l using (loop_id) left join loop_archive a on l.loop_id is null and a.loop_id = n.loop_id`,
      [now, limit],
    );
    if (found.length === 0) return [];
    // an improvement may be done long after the loops that it is of were closed
    await bringBack(
      this.manager,
      found.filter(({ kept }) => !kept).map(({ loopId }) => loopId),
    );
    const loops = await lockDueLoops(this.manager, found, customerOf);
    const rows = await this.manager
      .createQueryBuilder(NoticeEntity, 'notice')
      .where('notice.noticeId = any(:ids)', { ids: found.map(({ id }) => id) })
      .andWhere(`notice.state = 'pending' and notice.dueAt <= :now`, { now })
      .orderBy('notice.dueAt')
      .getMany();
    const texts = await this.textsOf([...new Set(rows.map(({ improvementId }) => improvementId))]);
    return rows.flatMap((row) => {
      const due = loops.get(row.loopId);
      return due ? [{ notice: noticeOf(row), text: texts.get(row.improvementId)!, ...due }] : [];
    });
  }

  private async textsOf(improvements: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.manager.query<{ id: string; text: string }[]>(
      'select improvement_id id, text from notice_message where improvement_id = any($1::uuid[])',
      [improvements],
    );
    return new Map(rows.map(({ id, text }) => [id, text]));
  }

  askedSince(customers: readonly string[], since: Date): Promise<(Asked & { readonly customer: string })[]> {
    return askedSince(this.manager, customers, since);
  }

  othersOf(
    improvements: readonly string[],
    customers: readonly string[],
  ): Promise<(OtherNotice & { readonly improvementId: string; readonly customer: string })[]> {
    return this.manager
      .query<(Omit<OtherNotice, 'askedAt'> & { askedAt: Date | null; improvementId: string; customer: string })[]>(
        `select notice_id "noticeId", improvement_id "improvementId", customer, state, asked_at "askedAt" from notice
          where improvement_id = any($1::uuid[]) and customer = any($2::uuid[])`,
        [improvements, customers],
      )
      .then((rows) => rows.map(({ askedAt, ...row }) => ({ ...row, ...(askedAt && { askedAt }) })));
  }

  async save(notices: readonly Notice[]): Promise<void> {
    if (notices.length === 0) return;
    const time = (value: Date | undefined): string | null => value?.toISOString() ?? null;
    await this.manager.query(
      `update notice n set state = c.state, reason = c.reason, due_at = c.due_at, attempts = c.attempts,
          customer = c.customer, asked_at = c.asked_at, settled_at = c.settled_at, way = c.way, language = c.language,
          feedback_id = c.feedback_id
        from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::uuid[], $7::timestamptz[],
            $8::timestamptz[], $9::text[], $10::text[], $11::uuid[])
          c(id, state, reason, due_at, attempts, customer, asked_at, settled_at, way, language, feedback_id)
        where n.notice_id = c.id and n.state = 'pending'`,
      [
        notices.map(({ noticeId }) => noticeId),
        notices.map(({ state }) => state),
        notices.map(({ reason }) => reason ?? null),
        notices.map(({ dueAt }) => dueAt.toISOString()),
        notices.map(({ attempts }) => attempts),
        notices.map(({ customer }) => customer ?? null),
        notices.map(({ askedAt }) => time(askedAt)),
        notices.map(({ settledAt }) => time(settledAt)),
        notices.map(({ way }) => way ?? null),
        notices.map(({ language }) => language ?? null),
        notices.map(({ feedbackId }) => feedbackId ?? null),
      ],
    );
  }

  async settle(settled: readonly Settled[]): Promise<void> {
    await this.outbox.append(this.manager, settled.map(outgoingSettlement));
  }

  async tell(replies: readonly RequestedReply[]): Promise<void> {
    if (replies.length === 0) return;
    await insertReplies(
      this.manager,
      replies.map(({ data, cycle }) => ({ ...replyOf(data, { cycle }), kind: 'notice' as const })),
    );
    await this.outbox.append(
      this.manager,
      replies.map(({ data }) => outgoingRequest(data)),
    );
  }
}
