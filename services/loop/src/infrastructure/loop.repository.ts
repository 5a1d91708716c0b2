import { Injectable } from '@nestjs/common';
import { deriveId, type LoopChanged } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { Problem } from '@closeloop/platform';
import { DataSource, In, IsNull, MoreThan, Not, type EntityManager } from 'typeorm';
import { ConcurrentChange } from '../domain/concurrent-change.js';
import { outgoing } from '../domain/loop-changed.js';
import {
  LoopStore,
  type Draft,
  type EventWords,
  type LoopCount,
  type LoopFilter,
  type LoopTransaction,
  type ReadEvent,
  type ReadFeedback,
  type StoredEvidence,
} from '../domain/loop-store.js';
import { isClosed, type Loop } from '../domain/loop.js';
import { type SettledFeedback, type Step } from '../domain/settlement.js';
import { EvidenceEntity } from './evidence.entity.js';
import { FeedbackEntity, feedbackOf } from './feedback.entity.js';
import { eventOf, LoopHistoryEntity } from './loop-history.entity.js';
import { LoopEntity, loopOf } from './loop.entity.js';
import { appendHistory, writeLoops } from './loop.statement.js';
import { WordsEntity } from './words.entity.js';

@Injectable()
export class LoopRepository extends LoopStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override async run<T>(work: (tx: LoopTransaction, now: Date) => Promise<T>): Promise<T> {
    const result = await this.dataSource.transaction('READ COMMITTED', async (manager) => {
      const [row] = await manager.query<{ now: Date }[]>("select date_trunc('milliseconds', clock_timestamp()) as now");
      return work(new PostgresLoops(manager, this.outbox), row!.now);
    });
    this.outbox.wake();
    return result;
  }
}

class PostgresLoops implements LoopTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  async find(loopId: string): Promise<Loop | undefined> {
    const row = await this.manager.findOneBy(LoopEntity, { loopId });
    return row ? loopOf(row) : undefined;
  }

  async lock(loopId: string): Promise<Loop | undefined> {
    const row = await this.manager.findOne(LoopEntity, { where: { loopId }, lock: { mode: 'pessimistic_write' } });
    return row ? loopOf(row) : undefined;
  }

  async advance(before: Loop, steps: readonly Step[], words?: EventWords): Promise<boolean> {
    try {
      await writeLoops(this.manager, [], [{ before, loop: steps.at(-1)!.loop }]);
    } catch (error) {
      if (error instanceof ConcurrentChange) return false;
      throw error;
    }
    await appendHistory(this.manager, steps);
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
    }
    return true;
  }

  async open(step: Step): Promise<void> {
    await writeLoops(this.manager, [step.loop], []);
    await appendHistory(this.manager, [step]);
  }

  async history(loopId: string, after: number): Promise<ReadEvent[]> {
    const rows = await this.manager.find(LoopHistoryEntity, {
      where: { loopId, version: MoreThan(after) },
      order: { version: 'ASC' },
    });
    const words = await this.manager.findBy(WordsEntity, { loopId, kind: Not('feedback'), version: Not(IsNull()) });
    const byVersion = new Map(words.map(({ version, body }) => [version, body]));
    return rows.map((row) => {
      const body = byVersion.get(row.version);
      return { ...eventOf(row), ...(body && { words: body }) };
    });
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
    await this.manager.update(
      FeedbackEntity,
      { feedbackId },
      { settlement, outcome, loopId: place!.loopId, place: place!.as, team: team ?? null },
    );
    // what a replay of this revision tells from now on: the highest settlement wins wherever it is read
    await this.manager.query(
      `update settlement set settlement = $5, outcome = $6, loop_id = $7, version = 1, team = $8, at = $9
        where feedback_id = $1 and revision = $2 and tag_revision = $3 and route_revision = $4 and outcome <> 'superseded'`,
      [
        ...[feedbackId, feedback.revision, feedback.tagRevision, feedback.routeRevision],
        ...[settlement, outcome, place!.loopId, team ?? null, at],
      ],
    );
    await this.manager.update(WordsEntity, { wordsId: feedbackId, kind: 'feedback' }, { loopId: place!.loopId });
  }

  async feedbackOf(loopId: string): Promise<ReadFeedback[]> {
    const rows = await this.manager
      .createQueryBuilder(FeedbackEntity, 'feedback')
      .where("feedback.loop_id = :loopId and feedback.place = 'joined'", { loopId })
      .orWhere(
        `feedback.feedback_id = (select h.feedback_id from loop_history h where h.loop_id = :loopId and h.version = 1)`,
      )
      .orderBy('feedback.receivedAt')
      .addOrderBy('feedback.feedbackId')
      .getMany();
    const words = await this.manager.findBy(WordsEntity, { wordsId: In(rows.map(({ feedbackId }) => feedbackId)) });
    const byFeedback = new Map(words.map(({ wordsId, body }) => [wordsId, body]));
    return rows.map((row) => {
      const body = byFeedback.get(row.feedbackId);
      return { feedback: feedbackOf(row), ...(body && { words: body }) };
    });
  }

  async draftsOf(loopId: string): Promise<Draft[]> {
    const rows = await this.manager.find(WordsEntity, { where: { loopId, kind: 'draft' }, order: { at: 'ASC' } });
    return rows.map(({ agent, at, feedbackId, revision, body }) => ({
      ...{ agent: agent!, at, feedbackId: feedbackId!, revision: revision! },
      text: (body as { text: string }).text,
    }));
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

  async page({ teams, states, feedbackId, after, limit }: LoopFilter): Promise<Loop[]> {
    const query = this.manager
      .createQueryBuilder(LoopEntity, 'loop')
      .orderBy('loop.openedAt', 'DESC')
      .addOrderBy('loop.loopId', 'DESC')
      .limit(limit);
    if (teams) query.andWhere('loop.team = any(:teams)', { teams });
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
    if (after) query.andWhere('(loop.opened_at, loop.loop_id) < (:openedAt, :loopId)', after);
    return (await query.getMany()).map(loopOf);
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

  async tell(events: readonly LoopChanged[]): Promise<void> {
    if (this.outbox.isFull()) {
      throw new Problem('backlog-full', 'Too much waits to be sent.', { headers: { 'retry-after': '10' } });
    }
    await this.outbox.append(this.manager, events.map(outgoing));
  }
}

const draftId = (loopId: string, agent: string): string => deriveId('draft', loopId, agent);
