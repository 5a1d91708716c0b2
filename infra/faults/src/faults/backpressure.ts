import { randomUUID } from 'node:crypto';
import { services } from '@closeloop/cli';
import pg from 'pg';
import { canarySource } from '../load/canary.js';
import { limits, type Fault, type FaultContext } from './fault.js';

/** What a backlog goes down by, as a multiple of what comes in meanwhile: less is not at full speed. */
const FULL_SPEED = 4;
/** Below it a backlog is gone before its speed can be told. */
const TELLING_BACKLOG = 2_000;

function expectLittleMemory(context: FaultContext): void {
  for (const service of services) {
    const megabytes = context.rig.watch.mostMemory(service);
    context.fact(`${service} MB`, megabytes);
    if (megabytes > limits.memory) {
      context.problem(`${service} had ${megabytes.toFixed(0)} MB; ${limits.memory} are allowed`);
    }
  }
}

async function countOf(context: FaultContext, database: 'ingestion' | 'loop', query: string): Promise<number> {
  const client = new pg.Client({ connectionString: context.rig.subject.databaseUrls[database] });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<{ count: number }>(query)).rows[0]!.count;
  } finally {
    await client.end();
  }
}

const unsent = (context: FaultContext) => countOf(context, 'ingestion', 'select count(*)::int as count from outbox');
const unsettled = (context: FaultContext) =>
  countOf(
    context,
    'ingestion',
    `select count(*)::int as count from feedback
     where settled_revision < accepted_revision and dead_revision < accepted_revision`,
  );

/** How fast a backlog goes, a second, until less than a second of the load is left of it */
async function drains(context: FaultContext, name: string, backlog: () => Promise<number>): Promise<void> {
  const usual = context.load.usualPace;
  const begun = performance.now();
  const before = await backlog();
  let left = before;
  while (left > usual) {
    if (performance.now() - begun > 300_000) {
      context.problem(`${left} of a backlog of ${before} are left after 5 minutes`);
      return;
    }
    await context.pause(0.25);
    left = await backlog();
  }
  context.fact(`${name} backlog`, before);
  const perSecond = (before - left) / ((performance.now() - begun) / 1000);
  context.fact(`${name} drained a second`, perSecond);
  if (before >= TELLING_BACKLOG && perSecond < FULL_SPEED * usual) {
    context.late(`a backlog of ${before} went down by ${perSecond.toFixed(0)} a second only`);
  }
}

export const loopAway: Fault = {
  name: 'loop-away',
  what: 'the loop service is stopped for ten minutes under load; then the backlog drains',
  long: true,
  async inject(context) {
    const { rig, quick } = context;
    rig.watch.forgetMemory();
    await Promise.all(rig.of('loop').map((replica) => replica.stop()));
    context.injected();
    await context.pause(quick ? 5 : 60 * Math.min(10, context.minutes ?? 10));
    for (const replica of rig.of('loop')) replica.start();
    await Promise.all(rig.of('loop').map((replica) => replica.untilReady(60, context.signal)));
    await drains(context, 'loop', () => unsettled(context));
    await context.recovers(limits.killed, 'the backlog was gone');
    expectLittleMemory(context);
  },
};

/** The load waits for Kafka too, so what fills the outbox is sent beside it: until a sender is told that it is full, and when to come again. */
async function fillOutbox(context: FaultContext): Promise<void> {
  const { subject } = context.rig;
  const key = await subject.apiKey(canarySource);
  const until = performance.now() + 120_000;
  while (performance.now() < until) {
    const feedback = Array.from({ length: 25 }, () => ({
      ...{ externalId: randomUUID(), channel: 'survey', text: 'Is anybody there?' },
    }));
    const answer = await fetch(`${context.random.pick(subject.ingestionUrls)}/v1/feedback/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(feedback),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await answer.text();
    const full = answer.status === 503 || text.includes('"status":503');
    if (full) {
      if (answer.status === 503 && answer.headers.get('retry-after') === null) {
        context.problem('a full outbox was told without Retry-After');
      }
      return;
    }
    if (!answer.ok) context.problem(`while Kafka was away a batch was answered ${answer.status}`);
    await context.pause(0.2);
  }
  context.problem('nobody was refused: the outbox has not come to its bound');
}

export const kafkaAway: Fault = {
  name: 'kafka-away',
  what: 'Kafka is away for ten minutes under load: the outbox stops at its bound with 503, and drains after',
  long: true,
  mayRefuse: true,
  mayEnd: true,
  async inject(context) {
    const { rig, quick } = context;
    rig.watch.forgetMemory();
    rig.signalServer('kafka', 'SIGKILL');
    context.injected();
    const ends = performance.now() + (quick ? 6_000 : 60_000 * Math.min(10, context.minutes ?? 10));
    try {
      await fillOutbox(context);
      await context.pause(Math.max(2, (ends - performance.now()) / 1000));
      context.fact('outbox', await unsent(context));
    } finally {
      await rig.startServer('kafka');
    }
    await drains(context, 'outbox', () => unsent(context));
    await drains(context, 'settling', () => unsettled(context));
    await context.recovers(limits.server, 'the backlog was gone');
    expectLittleMemory(context);
  },
};
