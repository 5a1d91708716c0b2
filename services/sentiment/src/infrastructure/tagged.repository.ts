import type { Feedback, FeedbackTagged, Tags } from '@closeloop/contracts';
import { jsonMembers, Outbox } from '@closeloop/messaging';
import { AuditLog, jsonArray, jsonBytes } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Actor } from '../domain/actor.js';
import type { TagCorrection } from '../domain/correction/correct-tags.js';
import { factsOf } from '../domain/correction/tag-facts.js';
import { judgedBy } from '../domain/correction/tagger-accuracy.js';
import { taggedEvent } from '../domain/tagged-event.js';
import {
  TaggedStore,
  type GivenTagged,
  type JudgedWeek,
  type KeptCorrection,
  type TaggedFeedback,
  type TaggedTransaction,
} from '../domain/tagged-store.js';

/** A frozen replica must not hold its rows: the server gives it up after this long. */
const idleInTransactionMs = 5_000;

interface TaggedRow {
  readonly tag_revision: number;
  readonly feedback: Feedback;
  readonly tags: Tags;
}

interface CorrectionRow {
  readonly revision: number;
  readonly tag_revision: number;
  readonly by: string;
  readonly at: Date;
  readonly said: TagCorrection;
}

const taggedOf = ({ tag_revision: tagRevision, feedback, tags }: TaggedRow): TaggedFeedback => ({
  feedback,
  tagRevision,
  tags,
});

@Injectable()
export class TaggedRepository extends TaggedStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override within(transaction: object): TaggedTransaction {
    return new PostgresTagged(transaction as EntityManager, this.outbox, this.audit);
  }

  override async run<T>(work: (tx: TaggedTransaction, now: Date) => Promise<T>): Promise<T> {
    this.outbox.assertRoom();
    const result = await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ now: Date }[]>(
        `select date_trunc('milliseconds', clock_timestamp()) as now,
            set_config('idle_in_transaction_session_timeout', $1, true)`,
        [String(idleInTransactionMs)],
      );
      return work(this.within(manager), row!.now);
    });
    this.outbox.wake();
    return result;
  }

  override async find(feedbackId: string) {
    const [row] = await this.dataSource.query<TaggedRow[]>(
      'select tag_revision, feedback, tags from tagged_feedback where feedback_id = $1 and feedback is not null',
      [feedbackId],
    );
    if (!row) return undefined;
    const rows = await this.dataSource.query<CorrectionRow[]>(
      'select revision, tag_revision, by, at, said from correction where feedback_id = $1 order by revision, tag_revision',
      [feedbackId],
    );
    const corrections = rows.map(({ tag_revision: tagRevision, ...rest }): KeptCorrection => ({
      ...rest,
      tagRevision,
    }));
    return { tagged: taggedOf(row), corrections };
  }

  override async judgedByWeek(since: Date): Promise<readonly JudgedWeek[]> {
    return this.dataSource.query<JudgedWeek[]>(
      `select to_char(at at time zone 'UTC', 'IYYY"-W"IW') as week, part.key as part,
         count(*)::int as n, count(*) filter (where part.value = 'true')::int as right
       from correction, json_each_text(judged) as part
       where at >= $1 and judged is not null
       group by 1, 2 order by 1, 2`,
      [since],
    );
  }

  override async forget(days: number, limit: number): Promise<number> {
    const rows = await this.dataSource.query<{ count: number }[]>(
      `with old as (
         select feedback_id from tagged_feedback known
         where received_at < clock_timestamp() - $1 * interval '1 day' and feedback is not null
           and not exists (select from correction where correction.feedback_id = known.feedback_id)
         order by received_at, feedback_id limit $2
       ), gone as (
         delete from tagged_feedback using old where tagged_feedback.feedback_id = old.feedback_id
         returning 1
       ), nobodys as (
         delete from feedback_place using old where feedback_place.feedback_id = old.feedback_id returning feedback_place.loop_id
       ), empty as (
         delete from known_loop using nobodys where known_loop.loop_id = nobodys.loop_id
           and not exists (select from feedback_place other
                           where other.loop_id = nobodys.loop_id and other.feedback_id not in (select feedback_id from old))
       )
       select count(*)::int from gone`,
      [days, limit],
    );
    return rows[0]!.count;
  }
}

class PostgresTagged implements TaggedTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {}

  async keep(tagged: readonly GivenTagged[]): Promise<void> {
    // In the order of their ids, as whoever else locks them
    const rows = [...tagged].sort(byId);
    const kept = rows.map(({ data, json }) => (data.tags ? jsonMembers(json, ['feedback', 'tags']) : undefined));
    await this.manager.query(
      `insert into tagged_feedback as known (feedback_id, revision, tag_revision, received_at, feedback, tags)
       select * from unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], ${jsonArray('$5')}, ${jsonArray('$6')})
       on conflict (feedback_id) do update set revision = excluded.revision, tag_revision = excluded.tag_revision,
         received_at = excluded.received_at, feedback = excluded.feedback, tags = excluded.tags
       where (excluded.revision, excluded.tag_revision) > (known.revision, known.tag_revision)`,
      [
        rows.map(({ data }) => data.feedback.feedbackId),
        rows.map(({ data }) => data.feedback.revision),
        rows.map(({ data }) => data.tagRevision),
        rows.map(({ data }) => data.feedback.receivedAt),
        jsonBytes(kept.map((parts) => parts?.feedback ?? null)),
        jsonBytes(kept.map((parts) => parts?.tags ?? null)),
      ],
    );
    const deleted = tagged.filter(({ data }) => data.tags === null).map(({ data }) => data.feedback.feedbackId);
    if (deleted.length === 0) return;
    await this.manager.query(
      `update correction set feedback = null
       where feedback_id = any($1::uuid[]) and feedback is not null
         and exists (select from tagged_feedback known
                     where known.feedback_id = correction.feedback_id and known.feedback is null)`,
      [deleted],
    );
  }

  async higher(given: readonly FeedbackTagged[]): Promise<readonly TaggedFeedback[]> {
    const rows = given.map(({ feedback, tagRevision }) => ({
      ...{ id: feedback.feedbackId, revision: feedback.revision, tag_revision: tagRevision },
    }));
    const found = await this.manager.query<TaggedRow[]>(
      `select known.tag_revision, known.feedback, known.tags
       from json_to_recordset($1) as given (id uuid, revision int, tag_revision int)
       join tagged_feedback known on known.feedback_id = given.id and known.revision = given.revision
         and known.tag_revision > given.tag_revision
       where known.feedback is not null
       order by known.feedback_id`,
      [JSON.stringify(rows)],
    );
    return found.map(taggedOf);
  }

  async lock(feedbackIds: readonly string[]): Promise<readonly TaggedFeedback[]> {
    const rows = await this.manager.query<TaggedRow[]>(
      `select tag_revision, feedback, tags from tagged_feedback
       where feedback_id = any($1::uuid[]) and feedback is not null order by feedback_id for update`,
      [feedbackIds],
    );
    return rows.map(taggedOf);
  }

  async retag(tagged: readonly TaggedFeedback[]): Promise<void> {
    if (tagged.length === 0) return;
    const rows = tagged.map(({ feedback, tagRevision, tags }) => ({
      ...{ id: feedback.feedbackId, tag_revision: tagRevision, tags },
    }));
    await this.manager.query(
      `update tagged_feedback known set tag_revision = given.tag_revision, tags = given.tags
       from json_to_recordset($1) as given (id uuid, tag_revision int, tags json)
       where known.feedback_id = given.id`,
      [JSON.stringify(rows)],
    );
    await this.outbox.append(this.manager, tagged.map(taggedEvent));
  }

  async noteCorrection(
    { feedback, tags, tagRevision: seen }: TaggedFeedback,
    after: TaggedFeedback,
    correction: KeptCorrection,
    actor: Actor,
  ): Promise<void> {
    const { revision, tagRevision, by, at, said } = correction;
    await this.manager.query(
      `insert into correction (feedback_id, revision, tag_revision, by, at, said, language, feedback, judged)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        feedback.feedbackId,
        revision,
        tagRevision,
        by,
        at,
        JSON.stringify(said),
        tags.language.tag,
        JSON.stringify(feedback),
        // What a person has said before is not the tagger's.
        tags.taggedBy === 'model' ? JSON.stringify(judgedBy(said, tags)) : null,
      ],
    );
    await this.audit.append(this.manager, {
      ...{ actor, action: 'tags.corrected', resource: { kind: 'feedback', id: feedback.feedbackId } },
      before: { revision, tagRevision: seen, ...factsOf(tags, said) },
      after: { revision, tagRevision, ...factsOf(after.tags, said) },
    });
  }
}

const byId = (one: GivenTagged, other: GivenTagged): number =>
  one.data.feedback.feedbackId < other.data.feedback.feedbackId ? -1 : 1;
