import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { feedbackRouted, type Feedback, type FeedbackRouted } from '@closeloop/contracts';
import { type Platform } from '@closeloop/cli';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { type Client } from 'pg';

/** Rows of one statement while facts are made */
const chunk = 250_000;
const repeats = 12;

export interface InsightsFigures {
  readonly feedback: number;
  readonly loops: number;
  /** Rows of counts by day and by month */
  readonly counts: number;
  readonly megabytes: number;
  /** Days that were judged for emerging issues, and how long that took; a day waits for the next look, a minute later, whether it still changes */
  readonly judged: { readonly days: number; readonly seconds: number };
  /** Milliseconds from the request to the whole answer, over HTTP */
  readonly queries: readonly {
    readonly name: string;
    readonly p50: number;
    readonly max: number;
    readonly rows: number;
  }[];
  readonly events: number;
  readonly seconds: number;
}

/**
 * A year of feedback, in a mix as a retailer with shops has it, put into the facts and counts of insights; then what the dashboard asks for, by the
 * service itself; then events that it counts beside all that.
 * `database`: insights' own.
 */
export async function measureInsights(
  database: Client,
  platform: Pick<Platform, 'urls' | 'token' | 'kafkaBrokers'>,
  { feedback, events }: { readonly feedback: number; readonly events: number },
  say: (line: string) => void,
): Promise<InsightsFigures> {
  const { urls, kafkaBrokers } = platform;
  await makeDictionary(database);
  await makeFacts(database, feedback, say);
  await makeCounts(database, say);
  const judged = await judgeDays(database, say);
  const { rows } = await database.query<{ loops: number; counts: number; megabytes: number }>(
    `select (select count(*) from model.loop_fact)::int loops,
       ((select count(*) from model.cube_day) + (select count(*) from model.cube_month))::int counts,
       (pg_database_size(current_database()) / 1048576)::int megabytes`,
  );

  const bearer = await platform.token({ sub: 'bench', roles: ['manager'], teams: [] });
  const ask = async (path: string): Promise<readonly unknown[]> => {
    const response = await fetch(`${urls.insights}/v1/${path}`, { headers: { authorization: `Bearer ${bearer}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const answer = (await response.json()) as Partial<Record<'rows' | 'items' | 'drivers', unknown[]>>;
    return answer.rows ?? answer.items ?? answer.drivers ?? [];
  };
  const queries: InsightsFigures['queries'][number][] = [];
  for (const { name, path } of questions()) {
    const times: number[] = [];
    let numbers = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const begun = performance.now();
      numbers = (await ask(path)).length;
      // the first one reads from disk
      if (repeat > 0) times.push(performance.now() - begun);
    }
    times.sort((a, b) => a - b);
    queries.push({ name, p50: times[Math.floor(times.length / 2)]!, max: times.at(-1)!, rows: numbers });
    say(`${name}: ${times[Math.floor(times.length / 2)]!.toFixed(0)} ms`);
  }
  const seconds = await count(kafkaBrokers, events, async () => {
    const [row] = (await ask(`metrics/volume?from=${dayOf(1)}&to=${dayOf(2)}&source=bench-live`)) as { n: number }[];
    return row?.n ?? 0;
  });
  return { feedback, ...rows[0]!, judged, queries, events, seconds };
}

const dayMs = 86_400_000;
/** So many days from today; facts lie in the year before */
const dayOf = (days: number): string => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);

/** What a manager's page asks for, and an agent's. */
function questions(): { name: string; path: string }[] {
  const quarter = `from=${dayOf(-90)}&to=${dayOf(1)}`;
  const year = `from=${dayOf(-365)}&to=${dayOf(1)}`;
  return [
    ...['volume', 'negative-share'].map((name) => [
      `${name} by channel and day, 90 days`,
      `${name}?${quarter}&by=channel&grain=day`,
    ]),
    ['volume by team, a year', `volume?${year}&by=team`],
    ...['nps', 'csat', 'ces', 'rating'].map((name) => [`${name} by week, a year`, `${name}?${year}&grain=week`]),
    ['nps by segment, a year', `nps?${year}&by=segment`],
    ['rating by journey stage, 90 days', `rating?${quarter}&by=journeyStage`],
    ['negative share, topic × touchpoint, 90 days', `negative-share?${quarter}&by=topic,touchpoint`],
    ['negative share, topic × touchpoint, a year', `negative-share?${year}&by=topic,touchpoint`],
    ['negative share, channel × touchpoint, a year', `negative-share?${year}&by=channel,touchpoint`],
    ['volume by location, a year', `volume?${year}&by=location`],
    ['rating by product, 90 days', `rating?${quarter}&by=product`],
    ['volume by topic and week, one team, 90 days', `volume?${quarter}&by=topic&grain=week&team=team-3`],
    ['first response time by team, 90 days', `first-response-time?${quarter}&by=team`],
    ['time to close by week, a year', `time-to-close?${year}&grain=week`],
    ['first response time on the business clock, a year', `first-response-time?${year}&by=team&clock=business`],
    ['closure rate by cohort, a year', `closure-rate?${year}&by=cohort`],
    ['verified closure rate by cohort and team, 90 days', `verified-closure-rate?${quarter}&by=cohort,team`],
    ['SLA attainment by team and priority, 90 days', `sla-attainment?${quarter}&by=team,priority`],
    ['reopen rate by topic, a year', `reopen-rate?${year}&by=topic`],
    ['backlog by age and team, a year', `backlog?${year}&by=age,team`],
    ['FCR by team, a year', `fcr?${year}&by=team`],
  ]
    .map(([name, path]) => ({ name: name!, path: `metrics/${path!}` }))
    .concat([
      { name: 'emerging, 90 days', path: `emerging?${quarter}&limit=50` },
      { name: 'drivers of ratings, 30 days', path: `drivers?outcome=rating&from=${dayOf(-30)}&to=${dayOf(1)}` },
      { name: 'drivers of NPS, 90 days', path: `drivers?outcome=nps&${quarter}` },
    ]);
}

/** Values by vocabulary (the numbers of domain/dimension.ts), each with the share of the first ones: few names make most of what is said. */
const vocabularies = [
  ...(['channel', 'touchpoint', 'journeyStage', 'location', 'product', 'segment', 'team', 'topic'] as const),
  ...(['language', 'source', 'priority', 'question'] as const),
];
const sizes: Readonly<Record<(typeof vocabularies)[number], number>> = {
  ...{ channel: 11, touchpoint: 20, journeyStage: 7, location: 300, product: 150, segment: 10, team: 8, topic: 60 },
  ...{ language: 5, source: 20, priority: 4, question: 3 },
};

async function makeDictionary(database: Client): Promise<void> {
  for (const [at, name] of vocabularies.entries()) {
    await database.query(
      `insert into dictionary (vocabulary, value) select $1, $2 || '-' || n from generate_series(1, $3::int) n on conflict do nothing`,
      [at + 1, name, sizes[name]],
    );
  }
  // numbers of a vocabulary follow each other
  await database.query(
    `create temp table first as select vocabulary, min(id) id from dictionary where value like '%-1' group by vocabulary`,
  );
}

const vocabularyOf = (name: (typeof vocabularies)[number]): number => vocabularies.indexOf(name) + 1;
/** A value's number: the k-th of its vocabulary, k from 0 on */
const nth = (name: (typeof vocabularies)[number], k: string): string =>
  `((select id from first where vocabulary = ${vocabularyOf(name)}) + (${k})::int)`;
/** Small ones come more often than large ones */
const skewed = (name: (typeof vocabularies)[number], draw: string): string =>
  nth(name, `floor(${sizes[name]} * ${draw} * ${draw})`);

async function makeFacts(database: Client, feedback: number, say: (line: string) => void): Promise<void> {
  await database.query("set synchronous_commit = off; set work_mem = '256MB'");
  for (let made = 0; made < feedback; made += chunk) {
    const last = Math.min(feedback, made + chunk);
    await database.query(
      `insert into model.feedback_fact
       select gen_random_uuid(), 1, 1, 1, at, at, false, ${nth('source', '(channel_k + 11 * (r[1] > 0.7)::int) % 20')},
         ${nth('channel', 'channel_k')}, ${nth('touchpoint', 'touchpoint_k')}, ${nth('journeyStage', 'touchpoint_k % 7')},
         case when r[2] < 0.8 then ${skewed('location', 'r[3]')} else 0 end,
         case when r[2] > 0.1 then ${skewed('product', 'r[4]')} else 0 end, ${nth('team', '(topic_k + (r[5] > 0.9)::int) % 8')},
         ${skewed('language', 'r[6]')},
         case when r[7] < 0.5 then array[${skewed('segment', 'r[8]')}] else '{}' end,
         case when r[9] < 0.15 then '{}'::int[] when r[9] < 0.6 then array[${nth('topic', 'topic_k')}]
           else array[${nth('topic', 'topic_k')}, ${nth('topic', '(topic_k + 1 + floor(r[10] * 58)::int) % 60')}] end,
         case when r[9] < 0.15 then '{}'::smallint[] when r[9] < 0.6 then array[mood] else array[mood, mood] end::smallint[],
         mood, r[11] > 0.99, md5('customer ' || floor(r[12] * $3::float8 / 4))::uuid,
         case when r[13] < 0.4 then 1000 * (1 + floor(r[14] * 5)::int) end, case when r[13] < 0.4 then 5000 end,
         survey, case survey when 1 then 1000 * floor(r[16] * 11)::int when 2 then 1000 * (1 + floor(r[16] * 5)::int)
           when 3 then 1000 * (1 + floor(r[16] * 7)::int) end,
         case survey when 1 then 10000 when 2 then 5000 when 3 then 7000 end,
         case when survey is not null then ${nth('question', 'survey - 1')} end
       from (select n, r, date_trunc('milliseconds', now() - r[15] * interval '365 days') as at, floor(11 * r[17] * r[17])::int channel_k,
           floor(20 * r[18])::int touchpoint_k, floor(60 * r[19] * r[19])::int topic_k, (1 + floor(r[20] * 4)::int)::smallint mood,
           case when r[21] < 0.15 then (1 + floor(r[22] * 3)::int)::smallint end survey
         from generate_series($1::int, $2::int) n,
           lateral (select array(select random() from generate_series(1, 22) where n > 0) r) drawn) said`,
      [made + 1, last, feedback],
    );
    say(`${last} feedback`);
  }
  await database.query('analyze model.feedback_fact');
  // every fourth opened a loop: most are answered and closed, some wait
  await database.query(
    `insert into model.loop_fact
     select gen_random_uuid(), 4, at, feedback_id, state, 1, team, ${skewed('priority', 'a')}, null, 1,
       case when answered then at + wait end, case when closed then at + 3 * wait end, case when closed then at + 4 * wait end,
       array[10, case when answered then 11 else 13 end, case when closed then 16 else 18 end]
         || case when answered then array[14, 21] else '{}'::int[] end || case when closed then array[23, 24] else '{}'::int[] end,
       array[place, case when answered then bucket else minute_k end, case when closed then bucket + 54 else minute_k end]
         || case when answered then array[bucket - 30, 6 + 1 + (b > 0.2)::int] else '{}'::int[] end
         || case when closed then array[(b > 0.9)::int, 2 * day_k + (a > 0.4)::int] else '{}'::int[] end
     from (select *, case when not closed then case when answered then 'responded' else 'opened' end when b < 0.4 then 'verified' else 'closed-unverified' end state,
         case when not closed then case when answered then 2 else 0 end when b < 0.4 then 4 else 5 end place,
         wait_ms * interval '1 ms' wait, ceil(ln(wait_ms) / ln(1.01 / 0.99))::int bucket,
         (extract(epoch from at)::bigint % 86400 / 60)::int as minute_k, floor(extract(epoch from at) / 86400)::int as day_k
       from (select feedback_id, at, team, a, b, a < 0.97 or at < now() - interval '30 days' answered,
           b < 0.95 and at < now() - interval '3 days' closed, (60000 * exp(8 * a))::float8 wait_ms
         from (select feedback_id, at, team, random() a, random() b from model.feedback_fact where random() < 0.25) drawn) timed) told`,
  );
  await database.query('analyze model.loop_fact');
  say('loops');
}

/** As the service counts (domain/cube.ts): the number of a cube, its dimensions, whether feedback, and which measures of loops. */
const cubes: readonly (readonly [
  id: number,
  dimensions: readonly string[],
  feedback: boolean,
  loops: 'all' | 'counts' | 'none',
])[] = [
  [1, [], true, 'all'],
  [2, ['team'], true, 'all'],
  [3, ['channel'], true, 'all'],
  [4, ['priority'], false, 'all'],
  [5, ['team', 'priority'], false, 'counts'],
  [6, ['team', 'language'], true, 'none'],
  [7, ['team', 'channel', 'source'], true, 'counts'],
  [8, ['team', 'touchpoint', 'journey_stage'], true, 'counts'],
  [9, ['channel', 'touchpoint'], true, 'none'],
  [10, ['team', 'segment'], true, 'counts'],
  [11, ['team', 'topic'], true, 'counts'],
  [12, ['channel', 'topic'], true, 'none'],
  [13, ['touchpoint', 'topic'], true, 'none'],
  [14, ['location'], false, 'counts'],
  [15, ['product'], false, 'counts'],
  [16, ['team', 'location'], true, 'none'],
  [17, ['team', 'product'], true, 'none'],
];

interface Split {
  readonly join: string;
  readonly value: string;
  readonly said: string;
  readonly where: string;
}

/** Feedback by what it has several of, and that which has none. */
const splits: Readonly<Record<'whole' | 'topic' | 'segment', readonly Split[]>> = {
  whole: [{ join: '', value: '', said: 'fact.sentiment', where: 'true' }],
  topic: [
    {
      ...{ join: 'cross join unnest(fact.topics, fact.topic_sentiments) topic (topic, said)', value: 'topic.topic' },
      ...{ said: 'topic.said', where: 'true' },
    },
    { join: '', value: '0', said: 'fact.sentiment', where: `fact.topics = '{}'` },
  ],
  segment: [
    {
      ...{ join: 'cross join unnest(fact.segments) segment (segment)', value: 'segment.segment' },
      ...{ said: 'fact.sentiment', where: 'true' },
    },
    { join: '', value: '0', said: 'fact.sentiment', where: `fact.segments = '{}'` },
  ],
};

async function makeCounts(database: Client, say: (line: string) => void): Promise<void> {
  await database.query(`set work_mem = '1GB'; set max_parallel_workers_per_gather = 2`);
  // an insert is read by one process, a table that is made by all there are
  const insertCounted = async (select: string): Promise<void> => {
    await database.query(`create unlogged table counted as ${select}`);
    await database.query(
      `insert into model.cube_day (cube, measure, day, d1, d2, d3, question, scale, bucket, n) select * from counted order by day_k`,
    );
    await database.query('drop table counted');
  };
  for (const [id, names, ofFeedback, ofLoops] of cubes) {
    const many = names.includes('topic') ? 'topic' : names.includes('segment') ? 'segment' : undefined;
    const columns = (of: 'fact' | 'loop', value: string): string =>
      [0, 1, 2]
        .map((at) => {
          const name = names[at];
          if (name === undefined) return `0 d${at}`;
          if (name === many) return `${value} d${at}`;
          return `${of === 'loop' && (name === 'team' || name === 'priority') ? 'loop' : 'fact'}.${name} d${at}`;
        })
        .join(', ');
    for (const { join, value, said, where } of splits[many ?? 'whole']) {
      const measured = [
        { measure: '1', bucket: said, question: '0', scale: '0', if: 'true' },
        { measure: '2', bucket: 'rating', question: '0', scale: 'rating_scale', if: 'rating is not null' },
        {
          measure: '2 + survey',
          bucket: 'score',
          question: 'question',
          scale: 'score_scale',
          if: 'survey is not null',
        },
      ];
      // one after the other: each is a plain scan, which all processes share
      for (const mark of ofFeedback ? measured : []) {
        await insertCounted(
          `select ${id}::smallint as cube, ${mark.measure} measure, floor(extract(epoch from at) / 86400)::int as day_k,
             ${columns('fact', value)}, ${mark.question} question, ${mark.scale} scale, ${mark.bucket}::int bucket, count(*) n
           from model.feedback_fact fact ${join} where ${where} and ${mark.if} group by 1, 2, 3, 4, 5, 6, 7, 8, 9`,
        );
      }
      if (ofLoops === 'none') continue;
      await insertCounted(
        `select ${id}::smallint as cube, mark.measure, floor(extract(epoch from loop.opened_at) / 86400)::int as day_k,
           ${columns('loop', value)}, 0 question, 0 scale, mark.bucket, count(*) n
         from model.loop_fact loop join model.feedback_fact fact on fact.feedback_id = loop.opened_by ${join}
         cross join unnest(loop.measures, loop.buckets) mark (measure, bucket)
         where ${where} ${ofLoops === 'all' ? '' : 'and mark.measure not between 11 and 20'} group by 1, 2, 3, 4, 5, 6, 9`,
      );
    }
    say(`counts by ${names.join(', ') || 'nothing'}`);
  }
  await database.query(
    `insert into model.cube_month select cube, measure, (date_trunc('month', date '1970-01-01' + day)::date - date '1970-01-01'),
       d1, d2, d3, question, scale, bucket, sum(n) from model.cube_day where measure not in (13, 18) group by 1, 2, 3, 4, 5, 6, 7, 8, 9 order by 3`,
  );
  for (const table of ['feedback_fact', 'loop_fact', 'cube_day', 'cube_month'])
    await database.query(`vacuum (analyze) model.${table}`);
}

/** Days that the service judges here, with the history that they have; those before pass for judged, as each was once it was over. */
const judgedAnew = 31;

/** A year of days that came at once is not what a manager's question waits beside: the service judges what is to be judged first. */
async function judgeDays(database: Client, say: (line: string) => void): Promise<InsightsFigures['judged']> {
  // as the service keeps them (infrastructure/cube.repository.ts)
  await database.query(
    `with held as (
       insert into model.day_digest
       select day, sum(hashtextextended(cube || ' ' || d1 || ' ' || d2 || ' ' || d3, 0)::numeric * n) from model.cube_day
       where cube = any($1::smallint[]) and measure = 1 group by day
       returning day, digest
     )
     insert into emerging_day select day, digest::text from held where day < floor(extract(epoch from now()) / 86400) - $2`,
    [
      cubes
        .filter(([, names]) => ['topic', 'location', 'product'].some((each) => names.includes(each)))
        .map(([id]) => id),
      judgedAnew,
    ],
  );
  const begun = performance.now();
  for (;;) {
    const { rows } = await database.query<{ left: number }>(
      `select (count(*) - count(judged.day))::int as left
       from model.day_digest held left join emerging_day judged using (day) where held.day < floor(extract(epoch from now()) / 86400)`,
    );
    const { left } = rows[0]!;
    if (left === 0) {
      say(`${judgedAnew} days judged`);
      return { days: judgedAnew, seconds: (performance.now() - begun) / 1_000 };
    }
    await sleep(1_000);
  }
}

/** Publishes events as routing does. @returns the seconds until all of them were counted, from when the first was sent */
async function count(brokers: string, events: number, counted: () => Promise<number>): Promise<number> {
  const kafka = new Kafka({ clientId: 'closeloop.bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const begun = performance.now();
  for (let at = 0; at < events; at += 1_000) {
    await producer.send({
      topic: feedbackRouted.topic,
      messages: Array.from({ length: Math.min(1_000, events - at) }, (_, index) => messageOf(at + index)),
    });
  }
  await producer.disconnect();
  while ((await counted()) < events) await sleep(250);
  return (performance.now() - begun) / 1_000;
}

function messageOf(index: number) {
  const feedback: Feedback = {
    ...{ feedbackId: randomUUID(), revision: 1, kind: 'created', contentHash: 'a'.repeat(64), source: 'bench-live' },
    ...{
      channel: 'review',
      historic: true,
      text: 'The parcel came late, and nobody answers the telephone.',
      externalId: `${index}`,
    },
    // tomorrow, apart from the rest
    ...{
      receivedAt: `${dayOf(1)}T10:00:00.000Z`,
      product: `product-${1 + (index % 150)}`,
      location: `location-${1 + (index % 300)}`,
    },
    ...{
      touchpoint: `touchpoint-${1 + (index % 20)}`,
      customerKey: `bench-${index % 5_000}`,
      rating: { value: 1 + (index % 5), scale: 5 },
    },
  };
  const data: FeedbackRouted = {
    ...{ feedback, tagRevision: 1, routeRevision: 1 },
    tags: {
      ...{ language: { tag: 'en', confidence: 1 }, sentiment: { label: 'negative', score: -0.5, confidence: 0.9 } },
      topics: [{ name: `topic-${1 + (index % 60)}`, confidence: 0.9 }],
      ...{ model: 'bench', taggedBy: 'model' },
    },
    // no loop: what is measured is insights
    route: {
      ...{ team: `team-${1 + (index % 8)}`, priority: 'low', slaPolicy: 'standard', labels: [], loop: 'none' },
      ...{ ruleSetVersion: 1, rule: 'bench' },
    },
  };
  return {
    key: feedback.feedbackId,
    value: JSON.stringify(data),
    headers: {
      ...{ ce_specversion: '1.0', ce_id: randomUUID(), ce_type: feedbackRouted.topic, ce_source: 'closeloop/bench' },
      ...{ ce_subject: feedback.feedbackId, ce_time: new Date().toISOString(), 'content-type': 'application/json' },
    },
  };
}
