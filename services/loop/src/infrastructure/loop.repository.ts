import { Injectable } from '@nestjs/common';
import { deriveId, type FeedbackRouted, type LoopChanged, type ReplyRequested } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { AuditLog, personal, Problem } from '@closeloop/platform';
import { DataSource, In, IsNull, MoreThan, Not, type EntityManager } from 'typeorm';
import { type AuditedCommand } from '../domain/audited-command.js';
import { type Writing } from '../domain/answer.js';
import { ConcurrentChange } from '../domain/concurrent-change.js';
import { outgoing } from '../domain/loop-changed.js';
import {
  LoopStore,
  searchedLoops,
  type Draft,
  type EventWords,
  type Glimpse,
  type ListedLoop,
  type LoopCount,
  type LoopFilter,
  type LoopTransaction,
  type ReadEvent,
  type ReadFeedback,
  type StoredEvidence,
} from '../domain/loop-store.js';
import { isClosed, type Loop } from '../domain/loop.js';
import { outgoingRequest, type Reply } from '../domain/reply.js';
import { type Template } from '../domain/template-store.js';
import { type SettledFeedback, type Step } from '../domain/settlement.js';
import { archivedRows, archivedWords, bringBack, everyStepOf, lockLoopRows } from './archive.statement.js';
import { ArchivedLoopEntity } from './archived-loop.entity.js';
import { EvidenceEntity } from './evidence.entity.js';
import { FeedbackEntity, feedbackOf } from './feedback.entity.js';
import { eventOf, LoopHistoryEntity } from './loop-history.entity.js';
import { LoopEntity, loopOf } from './loop.entity.js';
import { KeptSlaBook } from './sla-book.repository.js';
import { appendHistory, writeLoops, type Move } from './loop.statement.js';
import { inboxEventsOf } from './step.statement.js';
import { ReplyEntity, replyOfRow } from './reply.entity.js';
import { insertReplies } from './reply.repository.js';
import { TemplateEntity, templateOf } from './template.entity.js';
import { WordsEntity } from './words.entity.js';

@Injectable()
export class LoopRepository extends LoopStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly book: KeptSlaBook,
    private readonly auditLog: AuditLog,
  ) {
    super();
  }

  override async run<T>(work: (tx: LoopTransaction, now: Date) => Promise<T>): Promise<T> {
    const result = await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ now: Date }[]>("select date_trunc('milliseconds', clock_timestamp()) as now");
      return work(new PostgresLoops(manager, this.outbox, this.book, this.auditLog), row!.now);
    });
    this.outbox.wake();
    return result;
  }

  override look<T>(work: (tx: LoopTransaction, now: Date) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('set transaction read only');
      const [row] = await manager.query<{ now: Date }[]>("select date_trunc('milliseconds', clock_timestamp()) as now");
      return work(new PostgresLoops(manager, this.outbox, this.book, this.auditLog), row!.now);
    });
  }
}

/** Loops in a transaction that somebody else has begun, and ends. */
export class PostgresLoops implements LoopTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
    private readonly book: KeptSlaBook,
    private readonly auditLog: AuditLog,
  ) {}

  async find(loopId: string): Promise<Loop | undefined> {
    return this.read(
      (await this.manager.findOneBy(LoopEntity, { loopId })) ??
        (await this.manager.findOneBy(ArchivedLoopEntity, { loopId })) ??
        // somebody may have brought it back between the two looks
        (await this.manager.findOneBy(LoopEntity, { loopId })),
    );
  }

  async lock(loopId: string): Promise<Loop | undefined> {
    const [row] = await lockLoopRows(this.manager, [loopId]);
    return this.read(row);
  }

  private async read(row: LoopEntity | null | undefined): Promise<Loop | undefined> {
    const [loop] = await this.book.withTerms(this.manager, row ? [loopOf(row)] : []);
    return loop;
  }

  async advance(before: Loop, steps: readonly Step[], words?: EventWords): Promise<boolean> {
    const move = { before, loop: steps.at(-1)!.loop };
    if (!(await this.write(move))) {
      // what is closed may be in the archive, at the same version
      if (!isClosed(before.state) || (await bringBack(this.manager, [before.loopId])) === 0) return false;
      if (!(await this.write(move))) return false;
    }
    await appendHistory(this.manager, steps, this.book);
    if (words) {
      const { kind, loopId, version, feedbackId, body } = words;
      const wordsId = deriveId('words', loopId, String(version));
      const at = steps.at(-1)!.event.at;
      await this.manager.insert(WordsEntity, {
        wordsId,
        kind,
        loopId,
        version,
        at,
        body,
        feedbackId: feedbackId ?? null,
      });
      if (kind === 'response' && feedbackId !== undefined) {
        await this.manager.query(
          `update words w set answers = searched_words(f.body) from words f
            where w.words_id = $1 and f.words_id = $2 and f.kind = 'feedback'`,
          [wordsId, feedbackId],
        );
      }
    }
    return true;
  }

  /** @returns false where the loop is not at that version: nothing was written */
  private async write(move: Move): Promise<boolean> {
    try {
      await writeLoops(this.manager, [], [move], this.book);
      return true;
    } catch (error) {
      if (error instanceof ConcurrentChange) return false;
      throw error;
    }
  }

  async open(step: Step): Promise<void> {
    await writeLoops(this.manager, [step.loop], [], this.book);
    await appendHistory(this.manager, [step], this.book);
  }

  async history(loopId: string, after: number): Promise<ReadEvent[]> {
    const kept = await this.manager.find(LoopHistoryEntity, {
      where: { loopId, version: MoreThan(after) },
      order: { version: 'ASC' },
    });
    if (kept.length === 0) return this.archivedHistory(loopId, after);
    const words = await this.manager.findBy(WordsEntity, { loopId, kind: Not('feedback'), version: Not(IsNull()) });
    return readEvents(kept, words);
  }

  /** None where the loop is not in the archive. */
  private async archivedHistory(loopId: string, after: number): Promise<ReadEvent[]> {
    const names = this.manager.connection.getMetadata(LoopHistoryEntity).columns;
    const rows = await this.manager.query<LoopHistoryEntity[]>(
      `select ${names.map(({ databaseName, propertyName }) => `h.${databaseName} "${propertyName}"`).join(', ')}
        from loop_archive a cross join lateral ${archivedRows('loop_history', 'a')} h
        where a.loop_id = $1 and h.version > $2 order by h.version`,
      [loopId, after],
    );
    if (rows.length === 0) return [];
    const words = await archivedWords(this.manager, [loopId]);
    return readEvents(
      rows,
      words.filter(({ kind }) => kind !== 'feedback'),
    );
  }

  async lockFeedback(feedbackId: string): Promise<SettledFeedback | undefined> {
    const row = await this.manager.findOne(FeedbackEntity, {
      where: { feedbackId },
      lock: { mode: 'pessimistic_write' },
    });
    return row ? feedbackOf(row) : undefined;
  }

  async moveFeedback(feedback: SettledFeedback, at: Date): Promise<void> {
    const { feedbackId, settlement, outcome, place, team } = feedback;
    const values = [feedbackId, settlement, outcome, place!.loopId, team ?? null, at];
    // what a replay of this revision tells from now on: the highest settlement wins wherever it is read
    await this.manager.query(
      `update feedback set settlement = $2::int, outcome = $3, loop_id = $4, team = $5, place = $7, told_loop_id = null,
          told_settlement = case when told_at is not null then $2::int end, told_version = case when told_at is not null then 1 end,
          told_at = case when told_at is not null then $6::timestamptz end
        where feedback_id = $1`,
      [...values, place!.as],
    );
    await this.manager.query(
      `update earlier_settlement set settlement = $2, outcome = $3, loop_id = $4, version = 1, team = $5, at = $6
        where feedback_id = $1 and revision = $7 and tag_revision = $8 and route_revision = $9 and outcome <> 'superseded'`,
      [...values, feedback.revision, feedback.tagRevision, feedback.routeRevision],
    );
    await this.manager.update(WordsEntity, { wordsId: feedbackId, kind: 'feedback' }, { loopId: place!.loopId });
  }

  async topicsOf(feedbackId: string): Promise<string[]> {
    const row = await this.manager.findOneBy(WordsEntity, { wordsId: feedbackId, kind: 'feedback' });
    const { tags } = (row?.body ?? {}) as Partial<Pick<FeedbackRouted, 'tags'>>;
    return (tags?.topics ?? []).map(({ name }) => name);
  }

  async feedbackOf(loopId: string): Promise<ReadFeedback[]> {
    const rows = await this.manager
      .createQueryBuilder(FeedbackEntity, 'feedback')
      .where("feedback.loop_id = :loopId and feedback.place = 'joined'", { loopId })
      .orWhere(
        `feedback.feedback_id = (select h.feedback_id from ${everyStepOf('cast(:loopId as uuid)')} h where h.version = 1)`,
      )
      .orderBy('feedback.receivedAt')
      .addOrderBy('feedback.feedbackId')
      .getMany();
    const kept = await this.manager.findBy(WordsEntity, { wordsId: In(rows.map(({ feedbackId }) => feedbackId)) });
    const archived = kept.length < rows.length ? await archivedWords(this.manager, [loopId]) : [];
    const byFeedback = new Map([...archived, ...kept].map(({ wordsId, body }) => [wordsId, body]));
    return rows.map((row) => {
      const body = byFeedback.get(row.feedbackId);
      return { feedback: feedbackOf(row), ...(body && { words: body }) };
    });
  }

  async draftsOf(loopId: string): Promise<Draft[]> {
    const kept = await this.manager.find(WordsEntity, { where: { loopId, kind: 'draft' }, order: { at: 'ASC' } });
    const archived = kept.length === 0 ? await archivedWords(this.manager, [loopId]) : [];
    return [...kept, ...archived.filter(({ kind }) => kind === 'draft')].map(
      ({ agent, at, feedbackId, revision, body }) => ({
        ...{ agent: agent!, at, feedbackId: feedbackId!, revision: revision! },
        text: (body as { text: string }).text,
      }),
    );
  }

  async saveDraft(loopId: string, { agent, at, feedbackId, revision, text }: Draft): Promise<void> {
    await this.manager.upsert(
      WordsEntity,
      { wordsId: draftId(loopId, agent), kind: 'draft', loopId, agent, at, feedbackId, revision, body: { text } },
      ['wordsId'],
    );
  }

  async deleteDraft(loopId: string, agent: string): Promise<void> {
    await this.manager.delete(WordsEntity, { wordsId: draftId(loopId, agent) });
  }

  async writingOf(loopId: string, now: Date): Promise<Writing[]> {
    return this.manager.query<Writing[]>(
      'select agent, since, until from writing where loop_id = $1 and until > $2 order by since, agent',
      [loopId, now],
    );
  }

  async keepWriting(loopId: string, agent: string, now: Date, until: Date): Promise<void> {
    await this.manager.query(
      `insert into writing (loop_id, agent, since, until) values ($1, $2, $3, $4)
        on conflict (loop_id, agent) do update set until = excluded.until,
          since = case when writing.until > $3 then writing.since else excluded.since end`,
      [loopId, agent, now, until],
    );
  }

  async stopWriting(loopId: string, agents: readonly string[], now: Date): Promise<void> {
    await this.manager.query('delete from writing where loop_id = $1 and (agent = any($2) or until <= $3)', [
      ...[loopId, agents, now],
    ]);
  }

  async requestReply(reply: Reply, request: ReplyRequested): Promise<void> {
    await insertReplies(this.manager, [reply]);
    await this.outbox.append(this.manager, [outgoingRequest(request)]);
  }

  async templateOf(team: string, templateId: string): Promise<Template | undefined> {
    const row = await this.manager.findOneBy(TemplateEntity, { team, templateId });
    return row ? templateOf(row) : undefined;
  }

  async repliesOf(loopId: string): Promise<Reply[]> {
    const rows = await this.manager.find(ReplyEntity, {
      where: { loopId },
      order: { requestedAt: 'ASC', replyId: 'ASC' },
    });
    return rows.map(replyOfRow);
  }

  async page(filter: LoopFilter): Promise<ListedLoop[]> {
    // what is open, or due, is never in the archive
    const mayBeArchived =
      filter.order !== 'due' && !filter.overdueAt && (!filter.states || filter.states.some((state) => isClosed(state)));
    const rows = await this.rows(LoopEntity, filter);
    const archived = mayBeArchived ? await this.rows(ArchivedLoopEntity, filter) : [];
    const found = archived.length === 0 ? rows : [...rows, ...archived].sort(newestFirst).slice(0, filter.limit);
    const loops = await this.book.withTerms(this.manager, found.map(loopOf));
    const isArchived = (row: LoopEntity): boolean => row instanceof ArchivedLoopEntity;
    const glimpses = await this.glimpses(
      found.filter((row) => !isArchived(row)).map(({ loopId }) => loopId),
      found.filter(isArchived).map(({ loopId }) => loopId),
    );
    return loops.map((loop, at) => {
      const { limitAt } = found[at]!;
      const glimpse = glimpses.get(loop.loopId);
      return { loop, ...(limitAt && !isClosed(loop.state) && { dueAt: limitAt }), ...(glimpse && { glimpse }) };
    });
  }

  private rows(table: typeof LoopEntity, filter: LoopFilter): Promise<LoopEntity[]> {
    const query = this.listed(table, filter);
    if (filter.contains !== undefined) {
      const searched = this.listed(table, { ...filter, limit: searchedLoops }).select('loop.loop_id');
      const contains = table === ArchivedLoopEntity ? archivedFeedbackContains : feedbackContains;
      query
        .andWhere(`loop.loop_id in (${searched.getQuery()})`, searched.getParameters())
        .andWhere(`exists (${contains})`, { pattern: `%${filter.contains.replace(/[\\%_]/g, '\\$&')}%` });
    }
    return query.limit(filter.limit).getMany();
  }

  private listed(
    table: typeof LoopEntity,
    { teams, states, feedbackId, owner, priorities, overdueAt, order, after, limit }: LoopFilter,
  ) {
    const query = this.manager.createQueryBuilder(table, 'loop').limit(limit);
    if (order === 'due') query.orderBy(dueOrNever, 'ASC').addOrderBy('loop.loop_id', 'ASC');
    else query.orderBy('loop.opened_at', 'DESC').addOrderBy('loop.loop_id', 'DESC');
    if (teams) query.andWhere('loop.team = any(:teams)', { teams });
    if (owner !== undefined) query.andWhere('loop.owner = :owner', { owner });
    if (states) {
      query.andWhere('loop.state = any(:states)', { states });
      // says that the index of open loops will do
      if (!states.some(isClosed)) query.andWhere('loop.closed_at is null');
    }
    if (feedbackId) {
      query.andWhere('loop.loop_id = (select f.loop_id from feedback f where f.feedback_id = :feedbackId)', {
        feedbackId,
      });
    }
    if (priorities) query.andWhere('loop.priority = any(:priorities)', { priorities });
    // what is closed is due no more; says that the index will do
    if (order === 'due' || overdueAt) query.andWhere('loop.closed_at is null');
    if (overdueAt) query.andWhere(`${dueOrNever} <= :overdueAt`, { overdueAt });
    if (after) {
      const beyond = order === 'due' ? `(${dueOrNever}, loop.loop_id) >` : '(loop.opened_at, loop.loop_id) <';
      query.andWhere(`${beyond} (cast(:at as timestamptz), cast(:loopId as uuid))`, {
        ...{ at: after.at?.toISOString() ?? 'infinity', loopId: after.loopId },
      });
    }
    return query;
  }

  private async glimpses(
    loopIds: readonly string[],
    archivedIds: readonly string[],
  ): Promise<ReadonlyMap<string, Glimpse>> {
    type Row = Record<keyof Glimpse, unknown> & { loopId: string; feedbackId: string };
    const kept = await this.manager.query<Row[]>(
      `select h.loop_id "loopId", ${glimpseColumns}
        from loop_history h join words w on w.words_id = h.feedback_id and w.kind = 'feedback'
        where h.loop_id = any($1::uuid[]) and h.version = 1`,
      [loopIds],
    );
    const archived = await this.manager.query<Row[]>(
      `select a.loop_id "loopId", ${glimpseColumns}
        from loop_archive a cross join lateral ${archivedRows('words', 'a')} w
        where a.loop_id = any($1::uuid[]) and w.words_id = (a.history->0->>'feedback_id')::uuid and w.kind = 'feedback'`,
      [archivedIds],
    );
    return new Map(
      [...kept, ...archived].map(({ loopId, ...row }) => [
        loopId,
        Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Glimpse,
      ]),
    );
  }

  async counts(teams?: readonly string[]): Promise<LoopCount[]> {
    return this.manager.query<LoopCount[]>(
      `select team, state, sum(count)::int count from loop_tally where $1::text[] is null or team = any($1)
        group by team, state having sum(count) <> 0 order by team, state`,
      [teams ?? null],
    );
  }

  async evidence(source: string, idempotencyKey: string): Promise<StoredEvidence | undefined> {
    return (await this.manager.findOneBy(EvidenceEntity, { source, idempotencyKey })) ?? undefined;
  }

  async saveEvidence(evidence: StoredEvidence, at: Date): Promise<void> {
    const { raw } = (await this.manager
      .createQueryBuilder()
      .insert()
      .into(EvidenceEntity)
      .values({ ...evidence, at })
      .orIgnore()
      .returning('source')
      .execute()) as { raw: unknown[] };
    if (raw.length !== 1) throw new ConcurrentChange('the Idempotency-Key is being used');
  }

  async audit({ person, loopId, change, before, after, words }: AuditedCommand): Promise<void> {
    const { subject, roles } = person;
    const hidden = Object.fromEntries(Object.entries(words).map(([name, text]) => [name, personal(text)]));
    await this.auditLog.append(this.manager, {
      ...{
        actor: { kind: 'person', subject, roles },
        action: `loop.${change}`,
        resource: { kind: 'loop', id: loopId },
      },
      ...{ before, after: { ...after, ...hidden } },
    });
  }

  async tell(events: readonly LoopChanged[]): Promise<void> {
    if (this.outbox.isFull()) {
      throw new Problem('backlog-full', 'Too much waits to be sent.', { headers: { 'retry-after': '10' } });
    }
    await this.outbox.append(this.manager, [...events.map(outgoing), ...(await inboxEventsOf(this.manager, events))]);
  }
}

/** Characters of a text that a list shows. */
const glimpsed = 240;

const glimpseColumns = `w.words_id "feedbackId", w.body->'feedback'->>'title' title,
  left(w.body->'feedback'->>'text', ${glimpsed}) excerpt,
  coalesce(w.body->'feedback'->'author'->>'name', w.body->'feedback'->'author'->>'handle') author,
  w.body->'feedback'->'rating' rating, w.body->'tags'->'sentiment'->>'label' sentiment,
  w.body->'tags'->'language'->>'tag' "language"`;

/** As the index has it. */
const dueOrNever = `coalesce(loop.limit_at, 'infinity')`;

/** Of the loop at hand: what opened it, and what joined it. */
const contains = `concat_ws(chr(10), w.body->'feedback'->>'title', w.body->'feedback'->>'text', w.body->'feedback'->'author'->>'name',
  w.body->'feedback'->'author'->>'handle') ilike :pattern`;
const feedbackContains = `select from words w where w.kind = 'feedback'
  and w.words_id in (
    select h.feedback_id from loop_history h where h.loop_id = loop.loop_id and h.version = 1
    union all select f.feedback_id from feedback f where f.loop_id = loop.loop_id and f.place = 'joined')
  and ${contains}`;
const archivedFeedbackContains = `select from ${archivedRows('words', 'loop')} w where w.kind = 'feedback' and ${contains}`;

/** As lists by time have them. */
const newestFirst = (one: LoopEntity, other: LoopEntity): number =>
  other.openedAt.getTime() - one.openedAt.getTime() || (one.loopId < other.loopId ? 1 : -1);

const readEvents = (
  rows: readonly LoopHistoryEntity[],
  words: readonly Pick<WordsEntity, 'version' | 'body'>[],
): ReadEvent[] => {
  const byVersion = new Map(words.map(({ version, body }) => [version, body]));
  return rows.map((row) => {
    const body = byVersion.get(row.version);
    return { ...eventOf(row), ...(body && { words: body }) };
  });
};

const draftId = (loopId: string, agent: string): string => deriveId('draft', loopId, agent);
