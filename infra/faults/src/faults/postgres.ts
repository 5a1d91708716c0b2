import pg from 'pg';
import { canarySource } from '../load/canary.js';
import { limits, type Fault, type FaultContext } from './fault.js';

async function connected<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'faults' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** While Postgres is away a sender must be told so, and when to try again. */
async function expectRefusal(context: FaultContext): Promise<void> {
  const key = await context.rig.subject.apiKey(canarySource);
  for (const url of context.rig.subject.ingestionUrls) {
    const answer = await fetch(`${url}/v1/feedback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'survey', externalId: `away-${context.random.int(0, 1e9)}`, text: 'Anyone?' }),
      signal: AbortSignal.timeout(10_000),
    }).catch((error: unknown) => error as Error);
    if (answer instanceof Error) context.problem(`without Postgres ${url} did not answer: ${answer.message}`);
    else {
      await answer.body?.cancel();
      const retry = answer.headers.get('retry-after');
      if (answer.status !== 503) context.problem(`without Postgres ${url} answered ${answer.status}, not 503`);
      else if (retry === null) context.problem(`without Postgres ${url} answered 503 without Retry-After`);
    }
  }
}

export const postgresStop: Fault = {
  name: 'postgres-stop',
  what: `Postgres's immediate shutdown, and a new start`,
  mayEnd: true,
  mayRefuse: true,
  async inject(context) {
    const { rig } = context;
    for (const seconds of context.quick ? [2] : [2, 15]) {
      const since = Date.now();
      rig.signalServer('postgres', 'SIGQUIT');
      context.injected();
      await rig.untilEnded('postgres', 20);
      await expectRefusal(context);
      await context.pause(seconds);
      // Sentiment and routing go on by what they have read there.
      if (seconds > limits.unready) {
        const stateful = (['ingestion', 'learning', 'rehearsal', 'loop', 'insights'] as const).flatMap((service) =>
          rig.of(service),
        );
        context.expectUnready(stateful, since);
      }
      await rig.startServer('postgres');
      await context.recovers(limits.server, `Postgres's start`);
    }
  },
};

export const postgresTerminate: Fault = {
  name: 'postgres-terminate',
  what: 'pg_terminate_backend on every session of the services, again and again',
  mayEnd: true,
  mayRefuse: true,
  async inject(context) {
    for (let times = 0; times < (context.quick ? 4 : 20); times += 1) {
      await connected(context.rig.databaseServer, (client) =>
        client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where backend_type = 'client backend' and application_name like 'closeloop-%'`,
        ),
      );
      context.injected();
      await context.pause(context.random.int(3, 15) / 10);
    }
    await context.recovers(limits.server, 'the last terminated session');
  },
};

interface Lock {
  readonly database: 'ingestion' | 'loop';
  readonly statement: string;
}

/** What the services cannot do without, each lock in a transaction of its own. */
const locksOf: Readonly<Record<Lock['database'], readonly Lock[]>> = {
  ingestion: [{ database: 'ingestion', statement: 'lock table feedback in access exclusive mode' }],
  loop: [
    { database: 'loop', statement: 'select 1 from consumer_offset for update' },
    { database: 'loop', statement: 'lock table outbox in access exclusive mode' },
  ],
};

const held = (context: FaultContext, locks: readonly Lock[], seconds: number): Promise<unknown> =>
  Promise.all(
    locks.map(({ database, statement }) =>
      connected(context.rig.subject.databaseUrls[database], async (client) => {
        await client.query('begin');
        await client.query(statement);
        context.injected();
        await context.pause(seconds);
        await client.query('rollback');
      }),
    ),
  );

export const postgresLock: Fault = {
  name: 'postgres-lock',
  what: 'tables and rows that the services need are locked for 60 s',
  mayEnd: true,
  mayRefuse: true,
  async inject(context) {
    const { ingestion, loop } = locksOf;
    if (context.quick) {
      await held(context, [...ingestion, ...loop], 6);
      await context.recovers(limits.server, '6 s of locks');
      return;
    }
    const since = Date.now();
    // Ingestion goes on, so that the loop service has something that it cannot do.
    await held(context, loop, 60);
    context.expectUnready(context.rig.of('loop'), since);
    await context.recovers(limits.server, `60 s of locks on the loop service's`);
    await held(context, ingestion, 60);
    await context.recovers(limits.server, `60 s of locks on ingestion's`);
  },
};
