import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type Count } from '../domain/cube.js';
import { type FeedbackFact } from '../domain/feedback-fact.js';
import { measures, type LoopStep, type Mark, type Measure, type Return } from '../domain/loop-fact.js';
import {
  ModelStore,
  type CountedLoop,
  type FeedbackWords,
  type LoopNews,
  type ModelTransaction,
  type OpenedLoop,
  type Place,
  type ResolvedLoop,
  type StandingLoop,
} from '../domain/model-store.js';
import { repeatWindowMs } from '../domain/statistics/first-contact-resolution.js';
import { advisoryLocks } from './advisory-locks.js';
import { changesChannel, maxNotification } from './changes.channel.js';
import { columnsAs, factOf, feedbackColumns, feedbackNames, rowOf, type FeedbackRow } from './fact.columns.js';
import { liveSchema, nextSchema } from './model-tables.js';
import { stepColumns, stepOf, type StepRow } from './step.columns.js';

/** Others write a batch each before it is one's turn. */
const turnMs = 60_000;

@Injectable()
export class ModelRepository extends ModelStore {
  override async within(transaction: object, rebuild?: string): Promise<readonly ModelTransaction[]> {
    const manager = transaction as EntityManager;
    // One writer at a time: what a loop counts for hangs on feedback that comes by another topic, and neither may miss the other. Who waits
    // for others waits its turn; one that is frozen is ended by its idle transaction's own limit. The last statement sees what the last
    // writer has committed.
    await manager.query(
      `with patient as materialized (
         select current_setting('lock_timeout') as before, set_config('lock_timeout', $1, true)
       ), turn as materialized (
         select before, pg_advisory_xact_lock($2) from patient
       )
       select set_config('lock_timeout', before, true) from turn`,
      [String(turnMs), advisoryLocks.model],
    );
    const [row] = await manager.query<{ rebuild_id: string }[]>(
      'select rebuild_id from rebuild where ended_at is null',
    );
    const next = (): ModelTransaction => new PostgresModel(manager, nextSchema);
    if (rebuild !== undefined) return row?.rebuild_id === rebuild ? [next()] : [];
    const live = new PostgresModel(manager, liveSchema);
    return row ? [live, next()] : [live];
  }
}

const measureNames = new Map<number, Measure>(
  Object.entries(measures).map(([name, code]) => [code, name as Measure] as const),
);
const marksOf = (codes: readonly number[], buckets: readonly number[]): Mark[] =>
  codes.map((code, at) => ({ measure: measureNames.get(code)!, bucket: buckets[at]! }));

interface LoopRow {
  readonly loop_id: string;
  readonly opened_at: Date;
  readonly opened_by: string | null;
  readonly team: number;
  readonly priority: number;
  readonly responses: number;
  readonly cycle: number;
  readonly resolved_at: Date | null;
  readonly measures: number[];
  readonly buckets: number[];
}
const loopNames = 'loop_id, opened_at, opened_by, team, priority, responses, cycle, resolved_at, measures, buckets';

const loopOf = (row: LoopRow): StandingLoop => ({
  ...{ loopId: row.loop_id, openedAt: row.opened_at, team: row.team, priority: row.priority },
  ...{ responses: row.responses, cycle: row.cycle, marks: marksOf(row.measures, row.buckets) },
  ...(row.opened_by !== null && { openedBy: row.opened_by }),
  ...(row.resolved_at && { resolvedAt: row.resolved_at }),
});

class PostgresModel implements ModelTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly schema: string,
  ) {}

  async feedback(feedbackIds: readonly string[]): Promise<Map<string, FeedbackFact>> {
    if (feedbackIds.length === 0) return new Map();
    const rows = await this.manager.query<FeedbackRow[]>(
      `select ${feedbackNames.join(', ')} from ${this.schema}.feedback_fact where feedback_id = any($1::uuid[])`,
      [feedbackIds],
    );
    return new Map(rows.map((row) => [row.feedback_id, factOf(row)]));
  }

  async saveFeedback(facts: readonly FeedbackFact[], words: readonly FeedbackWords[]): Promise<void> {
    await this.manager.query(
      `insert into ${this.schema}.feedback_fact (${feedbackNames.join(', ')})
       select ${feedbackNames.join(', ')} from json_to_recordset($1) as given (${typed(feedbackColumns)})
       on conflict (feedback_id) do update set ${assigned(feedbackNames.slice(1))}`,
      [JSON.stringify(facts.map(rowOf))],
    );
    const gone = facts.filter(({ deleted }) => deleted).map(({ feedbackId }) => feedbackId);
    if (gone.length > 0) {
      await this.manager.query(`delete from ${this.schema}.feedback_words where feedback_id = any($1::uuid[])`, [gone]);
    }
    if (words.length === 0) return;
    await this.manager.query(
      `insert into ${this.schema}.feedback_words (feedback_id, excerpt, order_id, order_value, order_currency)
       select * from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::text[])
       on conflict (feedback_id) do update set ${assigned(['excerpt', 'order_id', 'order_value', 'order_currency'])}`,
      [
        words.map(({ feedbackId }) => feedbackId),
        words.map(({ excerpt }) => excerpt),
        words.map(({ order }) => order?.id ?? null),
        words.map(({ order }) => order?.value ?? null),
        words.map(({ order }) => order?.currency ?? null),
      ],
    );
  }

  async loopsAround(facts: readonly FeedbackFact[]): Promise<OpenedLoop[]> {
    const known = facts.filter(({ customer }) => customer !== undefined);
    // `offset 0`: one after the other by the index. While a table has not been analysed, Postgres takes a twentieth of it for one customer's.
    const rows = await this.manager.query<LoopRow[]>(
      `select ${loopNames} from ${this.schema}.loop_fact where opened_by = any($1::uuid[])
       union
       select ${columnsAs('loop', loopNames.split(', '))}
       from unnest($2::uuid[], $3::timestamptz[]) said (customer, at), lateral (
         select feedback_id from ${this.schema}.feedback_fact where customer = said.customer offset 0
       ) opener, lateral (
         select ${loopNames} from ${this.schema}.loop_fact where opened_by = opener.feedback_id
           and opened_at < said.at and resolved_at >= said.at - $4 * interval '1 millisecond' offset 0
       ) loop
       order by loop_id`,
      [
        facts.map(({ feedbackId }) => feedbackId),
        known.map(({ customer }) => customer),
        known.map(({ at }) => at),
        repeatWindowMs,
      ],
    );
    return rows.map((row) => loopOf(row) as OpenedLoop);
  }

  async returns(loops: readonly ResolvedLoop[]): Promise<Map<string, Return>> {
    const resolved = loops.filter(({ resolvedAt }) => resolvedAt !== undefined);
    if (resolved.length === 0) return new Map();
    const rows = await this.manager.query<{ loop_id: string; came_back: boolean }[]>(
      `select loop.loop_id, exists (
         select from ${this.schema}.feedback_fact later
         where later.customer = opener.customer and later.feedback_id <> opener.feedback_id and not later.deleted
           and later.at > loop.opened_at and later.at <= loop.resolved_at + $5 * interval '1 millisecond'
           and (opener.topics = '{}' or later.topics = '{}' or later.topics && opener.topics)
       ) came_back
       from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[])
         loop (loop_id, opened_by, opened_at, resolved_at)
       join ${this.schema}.feedback_fact opener on opener.feedback_id = loop.opened_by and opener.customer is not null`,
      [
        resolved.map(({ loopId }) => loopId),
        resolved.map(({ openedBy }) => openedBy),
        resolved.map(({ openedAt }) => openedAt),
        resolved.map(({ resolvedAt }) => resolvedAt),
        repeatWindowMs,
      ],
    );
    return new Map(rows.map((row) => [row.loop_id, row.came_back ? 'came-back' : 'stayed-away']));
  }

  async saveMarks(loops: readonly Pick<StandingLoop, 'loopId' | 'marks'>[]): Promise<void> {
    await this.manager.query(
      `update ${this.schema}.loop_fact known set measures = given.measures, buckets = given.buckets
       from json_to_recordset($1) as given (loop_id uuid, measures smallint[], buckets int[])
       where known.loop_id = given.loop_id`,
      [JSON.stringify(loops.map(({ loopId, marks }) => ({ loop_id: loopId, ...columnsOf(marks) })))],
    );
  }

  async appendSteps(steps: readonly LoopStep[]): Promise<readonly Pick<LoopStep, 'loopId' | 'version'>[]> {
    const rows = steps.map((step) => ({
      ...{ loop_id: step.loopId, version: step.version, change: step.change, note: step.note ?? null, at: step.at },
      ...{ state: step.state, cycle: step.cycle, team: step.team, priority: step.priority },
      ...{ owner: step.owner ?? null, opened_by: step.openedBy ?? null, clocks: step.clocks ?? null },
    }));
    // what was told again by its history alone came without clocks, or without what opened it
    return this.manager.query<{ loopId: string; version: number }[]>(
      `insert into ${this.schema}.loop_step as known (loop_id, version, change, note, at, state, cycle, team, priority, owner,
         opened_by, clocks)
       select distinct on (loop_id, version) loop_id, version, change, note, at, state, cycle, team, priority, owner,
         opened_by, clocks
       from json_to_recordset($1) as given (loop_id uuid, version int, change text, note text, at timestamptz, state text,
         cycle int, team int, priority int, owner text, opened_by uuid, clocks json)
       order by loop_id, version, clocks is null, opened_by is null
       on conflict (loop_id, version) do update set clocks = coalesce(known.clocks, excluded.clocks),
         opened_by = coalesce(known.opened_by, excluded.opened_by)
       where (known.clocks is null and excluded.clocks is not null)
         or (known.opened_by is null and excluded.opened_by is not null)
       returning loop_id "loopId", version`,
      [JSON.stringify(rows)],
    );
  }

  async steps(loopIds: readonly string[]): Promise<Map<string, LoopStep[]>> {
    const rows = await this.manager.query<StepRow[]>(
      `select step.* from unnest($1::uuid[]) asked (id), lateral (
         select ${stepColumns} from ${this.schema}.loop_step where loop_id = asked.id offset 0
       ) step order by loop_id, version`,
      [loopIds],
    );
    const steps = new Map<string, LoopStep[]>();
    for (const step of rows.map(stepOf)) {
      const known = steps.get(step.loopId);
      if (known) known.push(step);
      else steps.set(step.loopId, [step]);
    }
    return steps;
  }

  async loops(loopIds: readonly string[]): Promise<Map<string, StandingLoop>> {
    const rows = await this.manager.query<LoopRow[]>(
      `select ${loopNames} from ${this.schema}.loop_fact where loop_id = any($1::uuid[])`,
      [loopIds],
    );
    return new Map(rows.map((row) => [row.loop_id, loopOf(row)]));
  }

  async saveLoops(loops: readonly CountedLoop[]): Promise<void> {
    if (loops.length === 0) return;
    const columns = {
      ...{ loop_id: 'uuid', version: 'int', opened_at: 'timestamptz', opened_by: 'uuid', state: 'text', cycle: 'int' },
      ...{ team: 'int', priority: 'int', owner: 'text', responses: 'int', responded_at: 'timestamptz' },
      ...{ resolved_at: 'timestamptz', closed_at: 'timestamptz', measures: 'smallint[]', buckets: 'int[]' },
    };
    const names = Object.keys(columns);
    const rows = loops.map(({ fact, marks }): Record<keyof typeof columns, unknown> => ({
      ...{ loop_id: fact.loopId, version: fact.version, opened_at: fact.openedAt, opened_by: fact.openedBy ?? null },
      ...{ state: fact.state, cycle: fact.cycle, team: fact.team, priority: fact.priority, owner: fact.owner ?? null },
      ...{ responses: fact.responses, responded_at: fact.respondedAt ?? null, resolved_at: fact.resolvedAt ?? null },
      ...{ closed_at: fact.closedAt ?? null, ...columnsOf(marks) },
    }));
    await this.manager.query(
      `insert into ${this.schema}.loop_fact (${names.join(', ')})
       select ${names.join(', ')} from json_to_recordset($1) as given (${typed(columns)})
       on conflict (loop_id) do update set ${assigned(names.slice(1))}`,
      [JSON.stringify(rows)],
    );
  }

  async savePlaces(places: readonly Place[]): Promise<void> {
    if (places.length === 0) return;
    await this.manager.query(
      `insert into ${this.schema}.feedback_place as known (feedback_id, settlement, loop_id)
       select * from unnest($1::uuid[], $2::int[], $3::uuid[])
       on conflict (feedback_id) do update set settlement = excluded.settlement, loop_id = excluded.loop_id
       where excluded.settlement > known.settlement`,
      [
        places.map(({ feedbackId }) => feedbackId),
        places.map(({ settlement }) => settlement),
        places.map(({ loopId }) => loopId),
      ],
    );
  }

  async addCounts(counts: readonly Count[]): Promise<void> {
    if (counts.length === 0) return;
    await this.manager.query(
      `insert into ${this.schema}.pending_count (cube, measure, day, d1, d2, d3, question, scale, bucket, n)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        counts.map(({ cube }) => cube),
        counts.map(({ measure }) => measure),
        counts.map(({ day }) => day),
        ...[0, 1, 2].map((at) => counts.map(({ values }) => values[at as 0 | 1 | 2])),
        counts.map(({ question }) => question),
        counts.map(({ scale }) => scale),
        counts.map(({ bucket }) => bucket),
        counts.map(({ n }) => n),
      ],
    );
  }

  async tell(changes: readonly LoopNews[]): Promise<void> {
    const payloads: string[] = [];
    let part: string[] = [];
    let size = 0;
    for (const change of changes) {
      const text = JSON.stringify({ event: 'loop', data: change });
      const bytes = Buffer.byteLength(text) + 1;
      if (size + bytes > maxNotification && part.length > 0) {
        payloads.push(`[${part.join(',')}]`);
        [part, size] = [[], 0];
      }
      part.push(text);
      size += bytes;
    }
    if (part.length > 0) payloads.push(`[${part.join(',')}]`);
    if (payloads.length === 0) return;
    await this.manager.query('select pg_notify($1, payload) from unnest($2::text[]) payload', [
      changesChannel,
      payloads,
    ]);
  }
}

const typed = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ');
const assigned = (names: readonly string[]): string => names.map((name) => `${name} = excluded.${name}`).join(', ');

const columnsOf = (marks: readonly Mark[]): { measures: number[]; buckets: number[] } => ({
  measures: marks.map(({ measure }) => measures[measure]),
  buckets: marks.map(({ bucket }) => bucket),
});
