import { cubes } from '../domain/cube.js';

/** The tables of a generation of the read model: what answers lies in `model`, what is rebuilt in `model_next` until it takes its place. */
export const liveSchema = 'model';
export const nextSchema = 'model_next';

/** Of all feedback, by id: what questions of much of it look at */
export const sampledShare = 1 / 16;

/** The first day of a day's month, both in days since 1970 */
export const monthOf = (day: string): string =>
  `(date_trunc('month', date '1970-01-01' + (${day}))::date - date '1970-01-01')`;

const cubeColumns = `
  cube smallint not null,
  measure smallint not null,
  day integer not null,
  d1 integer not null,
  d2 integer not null,
  d3 integer not null,
  question integer not null,
  scale integer not null,
  bucket integer not null,
  n bigint not null,
  primary key (cube, measure, day, d1, d2, d3, question, scale, bucket)`;

/** The statements that make a generation. A change of it is a migration of `model`, and the same here for those that come. */
export const modelTables = (schema: string): string => `
  create schema ${schema};

  create table ${schema}.feedback_fact (
    feedback_id uuid primary key,
    revision integer not null,
    tag_revision integer not null,
    route_revision integer not null,
    at timestamptz not null,
    received_at timestamptz not null,
    deleted boolean not null,
    source integer not null,
    channel integer not null,
    touchpoint integer not null,
    journey_stage integer not null,
    location integer not null,
    product integer not null,
    team integer not null,
    language integer not null,
    segments integer[] not null,
    topics integer[] not null,
    topic_sentiments smallint[] not null,
    sentiment smallint not null,
    leaving boolean not null,
    customer uuid,
    rating integer,
    rating_scale integer,
    survey smallint,
    score integer,
    score_scale integer,
    question integer
  );
  comment on table ${schema}.feedback_fact is
    'the latest revision of each feedback, as numbers of the dictionary; of what was deleted a tombstone that says nothing';
  create index feedback_fact_at on ${schema}.feedback_fact (at, feedback_id);
  create index feedback_fact_sample on ${schema}.feedback_fact (at, survey, rating)
    where feedback_id < '10000000-0000-0000-0000-000000000000';
  create index feedback_fact_customer on ${schema}.feedback_fact (customer, at) where customer is not null;

  create table ${schema}.feedback_words (
    feedback_id uuid primary key,
    excerpt text not null,
    order_id text,
    order_value double precision,
    order_currency text
  );
  comment on table ${schema}.feedback_words is 'the one table with words of customers: what is erased is erased here';

  create table ${schema}.feedback_place (
    feedback_id uuid primary key,
    settlement integer not null,
    loop_id uuid not null
  );
  comment on table ${schema}.feedback_place is 'the loop that a feedback is in, by the last of its settlements';
  create index feedback_place_loop on ${schema}.feedback_place (loop_id);

  create table ${schema}.loop_step (
    loop_id uuid not null,
    version integer not null,
    change text not null,
    note text,
    at timestamptz not null,
    state text not null,
    cycle integer not null,
    team integer not null,
    priority integer not null,
    owner text,
    opened_by uuid,
    clocks json,
    primary key (loop_id, version)
  );

  create table ${schema}.loop_fact (
    loop_id uuid primary key,
    version integer not null,
    opened_at timestamptz not null,
    opened_by uuid,
    state text not null,
    cycle integer not null,
    team integer not null,
    priority integer not null,
    owner text,
    responses integer not null,
    responded_at timestamptz,
    resolved_at timestamptz,
    closed_at timestamptz,
    measures smallint[] not null,
    buckets integer[] not null
  );
  comment on table ${schema}.loop_fact is 'what the steps of a loop come to; measures and buckets: what it counts for';
  create index loop_fact_opened_at on ${schema}.loop_fact (opened_at, loop_id);
  create index loop_fact_opened_by on ${schema}.loop_fact (opened_by);

  ${['cube_day', 'cube_month'].map((table) => cubeTable(schema, table)).join('')}
  ${pendingCount(schema)}
  ${dayDigest(schema)}
  comment on table ${schema}.cube_day is 'counts by day (since 1970, UTC) and the dimensions of a cube: domain/cube.ts';
`;

/** What transactions have counted and the cubes do not have yet: arrays of one length, a row for each transaction. */
export const pendingCount = (schema: string): string => `
  create table ${schema}.pending_count (
    cube smallint[] not null,
    measure smallint[] not null,
    day integer[] not null,
    d1 integer[] not null,
    d2 integer[] not null,
    d3 integer[] not null,
    question integer[] not null,
    scale integer[] not null,
    bucket integer[] not null,
    n integer[] not null
  );
  comment on table ${schema}.pending_count is 'counts that the cubes of this generation do not have yet: cube.repository.ts';
`;

/** Looked at each minute: to sum up all days again would take longer the more there are. */
export const dayDigest = (schema: string): string => `
  create table ${schema}.day_digest (
    day integer primary key,
    digest numeric not null
  );
  comment on table ${schema}.day_digest is 'tells whether a day has changed since it was judged, of what cube_day has: cube.repository.ts';
`;

/** A part for each cube, so that what a question reads lies together; what has none yet lies in the last one. */
const cubeTable = (schema: string, table: string): string => `
  create table ${schema}.${table} (${cubeColumns}) partition by list (cube);
  ${cubes
    .map(
      ({ id }) => `create table ${schema}.${table}_${id} partition of ${schema}.${table} for values in (${id})
        with (fillfactor = 80);`,
    )
    .join('\n')}
  create table ${schema}.${table}_default partition of ${schema}.${table} default;
`;
