import type { Feedback, FeedbackRouted, Route, Tags } from '@closeloop/contracts';
import { jsonMembers, Outbox } from '@closeloop/messaging';
import { jsonArray, jsonBytes } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Fallback, MovedTo } from '../domain/fallback.js';
import {
  KeptStore,
  type GivenRouted,
  type KeptFeedback,
  type KeptPlace,
  type KeptTransaction,
  type Period,
} from '../domain/kept-store.js';
import type { KnownLoop, NotedLoops } from '../domain/moved-loops.js';
import { routedEvent } from '../domain/routed-event.js';

/** A loop whose team has not changed for so long is forgotten. */
const keepLoopsDays = 180;
/** Held while it is learned */
const learningLock = 4_606_000_001;
/** Moved loops that are learned from at once */
const learnedAtOnce = 500;

interface KeptRow {
  readonly tag_revision: number;
  readonly route_revision: number;
  readonly feedback: Feedback;
  readonly tags: Tags;
  readonly route: Route;
}

const columns = 'tag_revision, route_revision, feedback, tags, route';
const keptOf = ({ tag_revision, route_revision, feedback, tags, route }: KeptRow): KeptFeedback => ({
  ...{ feedback, tagRevision: tag_revision, tags, routeRevision: route_revision, route },
});

@Injectable()
export class KeptRepository extends KeptStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    super();
  }

  override within(transaction: object): KeptTransaction {
    return new PostgresKept(transaction as EntityManager, this.outbox);
  }

  override async find(feedbackId: string): Promise<KeptFeedback | undefined> {
    const [row] = await this.dataSource.query<KeptRow[]>(
      `select ${columns} from kept_feedback where feedback_id = $1 and feedback is not null`,
      [feedbackId],
    );
    return row && keptOf(row);
  }

  override async count({ from, to }: Period): Promise<number> {
    const [row] = await this.dataSource.query<{ count: number }[]>(
      `select count(*)::int count from kept_feedback
       where feedback is not null and received_at >= $1 and received_at < $2`,
      [from, to],
    );
    return row!.count;
  }

  override async page({ from, to }: Period, after: KeptPlace | undefined, limit: number) {
    // The place is read and given in Postgres's own precision: a Date has milliseconds.
    const rows = await this.dataSource.query<{ feedback: Feedback; tags: Tags; place: string }[]>(
      `select feedback, tags, received_at::text place from kept_feedback
       where feedback is not null and received_at >= $1 and received_at < $2
         and ($3::timestamptz is null or (received_at, feedback_id) > ($3::timestamptz, $4::uuid))
       order by received_at, feedback_id limit $5`,
      [from, to, after?.receivedAt ?? null, after?.feedbackId ?? null, limit],
    );
    const last = rows.at(-1);
    return {
      items: rows,
      ...(last && { last: { receivedAt: last.place, feedbackId: last.feedback.feedbackId } }),
    };
  }

  override async forget(days: number, limit: number): Promise<number> {
    await this.dataSource.query(
      `delete from known_loop where loop_id in (
         select loop_id from known_loop where changed_at < clock_timestamp() - $1 * interval '1 day'
         order by changed_at limit $2)`,
      [keepLoopsDays, limit],
    );
    const [row] = await this.dataSource.query<{ count: number }[]>(
      `with old as (
         select feedback_id from kept_feedback where received_at < clock_timestamp() - $1 * interval '1 day'
         order by received_at, feedback_id limit $2
       ), gone as (
         delete from kept_feedback using old where kept_feedback.feedback_id = old.feedback_id returning 1
       )
       select count(*)::int count from gone`,
      [days, limit],
    );
    return row!.count;
  }

  override async learn(learnFrom: (moved: readonly MovedTo[]) => readonly Fallback[]) {
    const [look] = await this.dataSource.query<{ due: boolean }[]>(
      'select exists (select from moved_loop where not learned) due',
    );
    if (!look!.due) return undefined;
    return this.dataSource.transaction(async (manager) => {
      const [lock] = await manager.query<{ held: boolean }[]>('select pg_try_advisory_xact_lock($1) held', [
        learningLock,
      ]);
      if (!lock!.held || !(await takeTopics(manager))) return undefined;
      const moved = await manager.query<MovedTo[]>(
        `select topic, team, count(*)::int loops from moved_loop, unnest(topics) topic
         where learned and exists (select from team known where known.name = moved_loop.team)
         group by topic, team`,
      );
      const fallbacks = learnFrom(moved);
      await manager.query('delete from fallback');
      await manager.query(
        `insert into fallback (topic, team, n, to_team, confidence)
         select topic, team, n, "toTeam", confidence
         from json_to_recordset($1) as given (topic text, team text, n int, "toTeam" int, confidence float8)`,
        [JSON.stringify(fallbacks)],
      );
      await manager.query('update fallback_version set version = version + 1, learned_at = clock_timestamp()');
      return fallbacks;
    });
  }
}

/**
 * Notes the topics of moved loops' feedback. A loop is heard of by another topic than its feedback is, so that this may be there first, and is
 * waited for; what is not there after an hour is not kept any more. @returns whether there were any
 */
async function takeTopics(manager: EntityManager): Promise<boolean> {
  const [row] = await manager.query<{ count: number }[]>(
    `with due as (
       select loop_id from moved_loop where not learned order by noted_at limit $1 for update
     ), found as (
       select due.loop_id, bool_or(kept.feedback_id is not null) is_kept,
         coalesce(array_agg(distinct topic ->> 'name') filter (where topic is not null), '{}') topics
       from due
       left join loop_member member on member.loop_id = due.loop_id
       left join kept_feedback kept on kept.feedback_id = member.feedback_id and kept.feedback is not null
       left join lateral json_array_elements(
         case json_typeof(kept.tags -> 'topics') when 'array' then kept.tags -> 'topics' else '[]' end) topic on true
       group by due.loop_id
     ), taken as (
       update moved_loop moved set learned = true,
         topics = case when found.is_kept then found.topics else coalesce(moved.topics, '{}') end
       from found where found.loop_id = moved.loop_id
         and (found.is_kept or moved.topics is not null or noted_at < clock_timestamp() - interval '1 hour')
       returning 1
     )
     select count(*)::int count from taken`,
    [learnedAtOnce],
  );
  return row!.count > 0;
}

class PostgresKept implements KeptTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
  ) {}

  async keep(routed: readonly GivenRouted[]): Promise<void> {
    // In the order of their ids, as whoever else locks them
    const rows = [...routed].sort(byId);
    const kept = rows.map(({ data: { feedback, tags, route }, json }) =>
      feedback.kind === 'deleted' || tags === null || route === null
        ? undefined
        : jsonMembers(json, ['feedback', 'tags', 'route']),
    );
    await this.manager.query(
      `insert into kept_feedback as known (feedback_id, revision, tag_revision, route_revision, received_at, feedback, tags, route)
       select * from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::timestamptz[],
         ${jsonArray('$6')}, ${jsonArray('$7')}, ${jsonArray('$8')})
       on conflict (feedback_id) do update set revision = excluded.revision, tag_revision = excluded.tag_revision,
         route_revision = excluded.route_revision, received_at = excluded.received_at,
         feedback = excluded.feedback, tags = excluded.tags, route = excluded.route
       where (excluded.revision, excluded.tag_revision, excluded.route_revision)
         > (known.revision, known.tag_revision, known.route_revision)`,
      [
        rows.map(({ data }) => data.feedback.feedbackId),
        rows.map(({ data }) => data.feedback.revision),
        rows.map(({ data }) => data.tagRevision),
        rows.map(({ data }) => data.routeRevision),
        rows.map(({ data }) => data.feedback.receivedAt),
        ...(['feedback', 'tags', 'route'] as const).map((part) =>
          jsonBytes(kept.map((parts) => parts?.[part] ?? null)),
        ),
      ],
    );
  }

  async higher(given: readonly FeedbackRouted[]): Promise<readonly KeptFeedback[]> {
    const rows = given.map(({ feedback, tagRevision, routeRevision }) => ({
      ...{ id: feedback.feedbackId, revision: feedback.revision },
      ...{ tag_revision: tagRevision, route_revision: routeRevision },
    }));
    const found = await this.manager.query<KeptRow[]>(
      `select known.tag_revision, known.route_revision, feedback, tags, route
       from json_to_recordset($1) as given (id uuid, revision int, tag_revision int, route_revision int)
       join kept_feedback known on known.feedback_id = given.id and known.revision = given.revision
         and known.tag_revision = given.tag_revision and known.route_revision > given.route_revision
       where feedback is not null order by known.feedback_id`,
      [JSON.stringify(rows)],
    );
    return found.map(keptOf);
  }

  async lock(feedbackIds: readonly string[]): Promise<readonly KeptFeedback[]> {
    const rows = await this.manager.query<KeptRow[]>(
      `select ${columns} from kept_feedback
       where feedback_id = any($1::uuid[]) and feedback is not null order by feedback_id for update`,
      [feedbackIds],
    );
    return rows.map(keptOf);
  }

  async reroute(rerouted: readonly KeptFeedback[]): Promise<void> {
    if (rerouted.length === 0) return;
    const rows = rerouted.map(({ feedback, routeRevision, route }) => ({
      ...{ id: feedback.feedbackId, route_revision: routeRevision, route },
    }));
    await this.manager.query(
      `update kept_feedback known set route_revision = given.route_revision, route = given.route
       from json_to_recordset($1) as given (id uuid, route_revision int, route json)
       where known.feedback_id = given.id`,
      [JSON.stringify(rows)],
    );
    await this.outbox.append(this.manager, rerouted.map(routedEvent));
  }

  async loops(loopIds: readonly string[]): Promise<readonly KnownLoop[]> {
    return this.manager.query<KnownLoop[]>(
      `select loop_id "loopId", version, team from known_loop where loop_id = any($1::uuid[]) order by loop_id for update`,
      [loopIds],
    );
  }

  async note({ loops, members, moved }: NotedLoops): Promise<void> {
    if (loops.length > 0) {
      await this.manager.query(
        `insert into known_loop as known (loop_id, version, team)
         select "loopId", version, team from json_to_recordset($1) as given ("loopId" uuid, version int, team text)
         order by "loopId"
         on conflict (loop_id) do update set version = excluded.version, team = excluded.team, changed_at = clock_timestamp()
         where excluded.version > known.version`,
        [JSON.stringify(loops)],
      );
    }
    if (members.length > 0) {
      await this.manager.query(
        `insert into loop_member (loop_id, feedback_id)
         select "loopId", "feedbackId" from json_to_recordset($1) as given ("loopId" uuid, "feedbackId" uuid)
         on conflict do nothing`,
        [JSON.stringify(members)],
      );
    }
    if (moved.length > 0) {
      await this.manager.query(
        `insert into moved_loop as known (loop_id, version, team, at)
         select "loopId", version, team, at
         from json_to_recordset($1) as given ("loopId" uuid, version int, team text, at timestamptz) order by "loopId"
         on conflict (loop_id) do update set version = excluded.version, team = excluded.team, at = excluded.at,
           learned = false, noted_at = clock_timestamp()
         where excluded.version > known.version`,
        [JSON.stringify(moved)],
      );
    }
  }
}

const byId = (one: GivenRouted, other: GivenRouted): number =>
  one.data.feedback.feedbackId < other.data.feedback.feedbackId ? -1 : 1;
