import { AuditLog } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { deriveId } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { DataSource, In, type EntityManager } from 'typeorm';
import {
  FollowUpStore,
  type AnswerTransaction,
  type DueFollowUp,
  type FollowUpFilter,
  type HandOverTransaction,
  type ReadFollowUp,
  type RequestedReply,
} from '../domain/follow-up-store.js';
import { type Asked, type Contact, type FollowUp } from '../domain/follow-up.js';
import { outgoingRequest, replyOf } from '../domain/reply.js';
import { archivedWords } from './archive.statement.js';
import { ArchivedLoopEntity } from './archived-loop.entity.js';
import { askedSince } from './contact.statement.js';
import { lockDueLoops } from './due-loops.statement.js';
import { FollowUpEntity, followUpOf } from './follow-up.entity.js';
import { LoopEntity } from './loop.entity.js';
import { PostgresLoops } from './loop.repository.js';
import { insertReplies } from './reply.repository.js';
import { KeptSlaBook } from './sla-book.repository.js';
import { WordsEntity } from './words.entity.js';

/** A frozen replica must not hold its loops and customers: the server gives them up after this long. */
const idleInTransactionMs = 5_000;

@Injectable()
export class FollowUpRepository extends FollowUpStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly book: KeptSlaBook,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override async handOver<T>(work: (tx: HandOverTransaction, now: Date) => Promise<T>): Promise<T> {
    this.outbox.assertRoom();
    return this.run((manager, now) => work(new PostgresHandOver(manager, this.outbox), now));
  }

  override answer<T>(work: (tx: AnswerTransaction, now: Date) => Promise<T>): Promise<T> {
    return this.run((manager, now) => work(new PostgresAnswer(manager, this.outbox, this.book, this.audit), now));
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

  override async handedOver(followUpId: string): Promise<void> {
    await this.dataSource.query(
      `update follow_up set handed_over_at = coalesce(handed_over_at, clock_timestamp()),
          state = case state when 'pending' then 'handed-over' else state end
        where follow_up_id = $1`,
      [followUpId],
    );
  }

  override async notTaken(followUpId: string, next: { readonly at: Date } | 'refused'): Promise<void> {
    if (next === 'refused') {
      // nobody was asked, so that the cap does not count it
      await this.dataSource.query(
        `update follow_up set state = 'skipped', reason = 'refused', asked_at = null
          where follow_up_id = $1 and state = 'pending'`,
        [followUpId],
      );
    } else {
      await this.dataSource.query(`update follow_up set due_at = $2 where follow_up_id = $1 and state = 'pending'`, [
        followUpId,
        next.at,
      ]);
    }
  }

  override async page({ teams, states, loopId, after, limit }: FollowUpFilter): Promise<ReadFollowUp[]> {
    const { manager } = this.dataSource;
    const query = manager
      .createQueryBuilder(FollowUpEntity, 'followUp')
      .leftJoin(LoopEntity, 'loop', 'loop.loop_id = followUp.loop_id')
      .leftJoin(ArchivedLoopEntity, 'archived', 'loop.loop_id is null and archived.loop_id = followUp.loop_id')
      .addSelect(teamOfEither, 'team')
      .where(`${teamOfEither} is not null`)
      .orderBy('followUp.requested_at', 'DESC')
      .addOrderBy('followUp.follow_up_id', 'DESC')
      .limit(limit);
    if (teams) query.andWhere(`${teamOfEither} = any(:teams)`, { teams });
    if (states) query.andWhere('followUp.state = any(:states)', { states });
    if (loopId !== undefined) query.andWhere('followUp.loop_id = :loopId', { loopId });
    if (after) query.andWhere('(followUp.requested_at, followUp.follow_up_id) < (:requestedAt, :followUpId)', after);
    const { entities, raw } = await query.getRawAndEntities<{ team: string }>();
    const found = entities.map((row, index) => ({ followUp: followUpOf(row), team: raw[index]!.team }));
    return withWords(manager, found);
  }

  override async untilNext(): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ wait: number | null }[]>(
      `select (extract(epoch from min(due_at) - clock_timestamp()) * 1000)::float8 as wait
        from follow_up where state = 'pending'`,
    );
    return row?.wait ?? undefined;
  }
}

/** Of the loop, wherever it is kept; null where it was dropped. */
const teamOfEither = 'coalesce(loop.team, archived.team)';

class PostgresHandOver implements HandOverTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  async lockDue(
    now: Date,
    limit: number,
    customerOf: (customer: string | undefined, contacts: readonly Contact[]) => string | undefined,
  ): Promise<DueFollowUp[]> {
    const found = await this.manager.query<{ id: string; loopId: string; customer: string | null }[]>(
      `select f.id, f.loop_id "loopId", l.customer from (
         select follow_up_id id, loop_id from follow_up where state = 'pending' and due_at <= $1 order by due_at limit $2
       ) f join loop l using (loop_id)`,
      [now, limit],
    );
    if (found.length === 0) return [];
    const loops = await lockDueLoops(this.manager, found, customerOf);
    const rows = await this.manager
      .createQueryBuilder(FollowUpEntity, 'followUp')
      .where('followUp.followUpId = any(:ids)', { ids: found.map(({ id }) => id) })
      .andWhere(`followUp.state = 'pending' and followUp.dueAt <= :now`, { now })
      .orderBy('followUp.dueAt')
      .getMany();
    return rows.flatMap((row) => {
      const due = loops.get(row.loopId);
      return due ? [{ followUp: followUpOf(row), ...due }] : [];
    });
  }

  askedSince(customers: readonly string[], since: Date): Promise<(Asked & { readonly customer: string })[]> {
    return askedSince(this.manager, customers, since);
  }

  async save(followUps: readonly FollowUp[]): Promise<void> {
    if (followUps.length === 0) return;
    const time = (value: Date | undefined): string | null => value?.toISOString() ?? null;
    await this.manager.query(
      `update follow_up f set state = n.state, reason = n.reason, due_at = n.due_at, attempts = n.attempts,
          customer = n.customer, asked_at = n.asked_at, handed_over_at = n.handed_over_at, way = n.way,
          question = n.question, language = n.language, feedback_id = n.feedback_id
        from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::uuid[], $7::timestamptz[],
            $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::uuid[])
          n(id, state, reason, due_at, attempts, customer, asked_at, handed_over_at, way, question, language, feedback_id)
        where f.follow_up_id = n.id and f.state = 'pending'`,
      [
        followUps.map(({ followUpId }) => followUpId),
        followUps.map(({ state }) => state),
        followUps.map(({ reason }) => reason ?? null),
        followUps.map(({ dueAt }) => dueAt.toISOString()),
        followUps.map(({ attempts }) => attempts),
        followUps.map(({ customer }) => customer ?? null),
        followUps.map(({ askedAt }) => time(askedAt)),
        followUps.map(({ handedOverAt }) => time(handedOverAt)),
        followUps.map(({ way }) => way ?? null),
        followUps.map(({ question }) => question ?? null),
        followUps.map(({ language }) => language ?? null),
        followUps.map(({ feedbackId }) => feedbackId ?? null),
      ],
    );
  }

  async tell(replies: readonly RequestedReply[]): Promise<void> {
    if (replies.length === 0) return;
    await insertReplies(
      this.manager,
      replies.map(({ data, cycle }) => replyOf(data, { cycle })),
    );
    await this.outbox.append(
      this.manager,
      replies.map(({ data }) => outgoingRequest(data)),
    );
  }
}

class PostgresAnswer implements AnswerTransaction {
  readonly loops: PostgresLoops;

  constructor(
    private readonly manager: EntityManager,
    outbox: Outbox,
    book: KeptSlaBook,
    audit: AuditLog,
  ) {
    this.loops = new PostgresLoops(manager, outbox, book, audit);
  }

  async find(followUpId: string): Promise<ReadFollowUp | undefined> {
    const row = await this.manager.findOneBy(FollowUpEntity, { followUpId });
    if (!row) return undefined;
    const loop = await this.loops.find(row.loopId);
    return loop && (await withWords(this.manager, [{ followUp: followUpOf(row), team: loop.team }]))[0];
  }

  async save({ followUpId, state, answeredAt, score, outcome, version }: FollowUp): Promise<void> {
    await this.manager.update(
      FollowUpEntity,
      { followUpId },
      {
        ...{ state, reason: null, answeredAt: answeredAt ?? null, score: score ?? null },
        ...{ outcome: outcome ?? null, version: version ?? null },
      },
    );
  }

  async saveWords(followUp: FollowUp, text: string, at: Date): Promise<void> {
    const { loopId, version, feedbackId } = followUp;
    await this.manager.insert(WordsEntity, {
      ...{ wordsId: wordsIdOf(followUp), kind: 'evidence', loopId, at, body: { text, type: 'survey' } },
      ...{ version: version ?? null, feedbackId: feedbackId ?? null },
    });
  }
}

/** An answer that moved the loop has the words of that event. */
const wordsIdOf = ({ followUpId, loopId, version }: FollowUp): string =>
  version === undefined ? deriveId('follow-up-words', followUpId) : deriveId('words', loopId, String(version));

async function withWords(
  manager: EntityManager,
  found: readonly { readonly followUp: FollowUp; readonly team: string }[],
): Promise<ReadFollowUp[]> {
  const answered = found.filter(({ followUp }) => followUp.state === 'answered');
  const kept =
    answered.length === 0
      ? []
      : await manager.findBy(WordsEntity, { wordsId: In(answered.map(({ followUp }) => wordsIdOf(followUp))) });
  const has = new Set(kept.map(({ wordsId }) => wordsId));
  const without = answered.filter(({ followUp }) => !has.has(wordsIdOf(followUp)));
  const archived =
    without.length === 0
      ? []
      : await archivedWords(
          manager,
          without.map(({ followUp }) => followUp.loopId),
        );
  const rows = [...kept, ...archived];
  const texts = new Map(rows.map(({ wordsId, body }) => [wordsId, (body as { text: string }).text]));
  return found.map((one) => {
    const words = one.followUp.state === 'answered' ? texts.get(wordsIdOf(one.followUp)) : undefined;
    return { ...one, ...(words !== undefined && { words }) };
  });
}
