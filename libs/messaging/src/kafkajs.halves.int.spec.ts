import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { feedbackReceived, type FeedbackReceived } from '@closeloop/contracts';
import { type RunningService } from '@closeloop/platform';
import { eventually, type TestEnvironment } from '@closeloop/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { ok } from './index.js';
import { feedback, receivedMessage } from './event.fixture.js';
import {
  type Handle,
  kafkaEnvironment,
  migrateSpecDatabase,
  receivedConsumer,
  startStation,
  stationOf,
} from './service.fixture.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
const services: RunningService[] = [];
beforeEach(async () => {
  environment = await kafkaEnvironment();
  await migrateSpecDatabase(environment);
  // Without a unique key: whatever is done twice shows.
  await environment.query('spec', 'create table effect (id serial, partition int not null, number int not null)');
}, 60_000);
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
  await environment.close();
}, 60_000);

const partitions = [0, 1];
const length = 1_500;
/** A fetch is some two hundred of these. */
const padding = 'x'.repeat(2_000);

async function publishBacklog(): Promise<void> {
  for (let from = 0; from < length; from += 250) {
    await environment.publish(
      feedbackReceived.topic,
      partitions.flatMap((partition) =>
        Array.from({ length: 250 }, (_, at) => ({
          ...receivedMessage(feedback(`${partition}:${from + at}`, padding)),
          partition,
        })),
      ),
    );
  }
}

const underWay = new Set<object>();
let together = 0;
/** Takes a while for each delivery, and counts those that others are under way beside. */
const note: Handle<FeedbackReceived> = async (events, { transaction }) => {
  const delivery = {};
  underWay.add(delivery);
  if (underWay.size > 1) together++;
  try {
    await sleep(40);
    const places = events.map(({ data }) => data.externalId!.split(':').map(Number));
    await transaction.query(
      'insert into effect (partition, number) select partition, number from unnest($1::int[], $2::int[]) as done (partition, number)',
      [places.map(([partition]) => partition), places.map(([, number]) => number)],
    );
    return events.map(() => ok());
  } finally {
    underWay.delete(delivery);
  }
};
const start = async (): Promise<RunningService> => {
  const service = await startStation(environment, stationOf('halves'), [receivedConsumer(note)], { mode: 'effect' });
  services.push(service);
  return service;
};
const done = async (partition: number): Promise<number[]> => {
  const rows = await environment.query<{ number: number }>(
    'spec',
    'select number from effect where partition = $1 order by id',
    [partition],
  );
  return rows.map(({ number }) => number);
};
const all = Array.from({ length }, (_, at) => at);

describe('a consumer behind a backlog', () => {
  it('works on both halves of its partitions at once, on each in order, and goes on with both after it', async () => {
    await publishBacklog();
    together = 0;
    await start();
    await eventually(async () => expect((await done(0)).length + (await done(1)).length).toBe(2 * length), {
      timeoutMs: 30_000,
    });
    for (const partition of partitions) expect(await done(partition)).toEqual(all);
    expect(together).toBeGreaterThan(3);
    for (const partition of partitions) {
      await environment.publish(feedbackReceived.topic, [
        { ...receivedMessage(feedback(`${partition}:${length}`)), partition },
      ]);
      await eventually(async () => expect(await done(partition)).toHaveLength(length + 1), { intervalMs: 20 });
    }
  });

  it('lets others join and leave in the midst of it: each event once, and in order', async () => {
    await publishBacklog();
    const one = await start();
    await eventually(async () => expect((await done(0)).length + (await done(1)).length).toBeGreaterThan(300));
    await start();
    services.splice(services.indexOf(one), 1);
    await one.close();
    await eventually(async () => expect((await done(0)).length + (await done(1)).length).toBe(2 * length), {
      timeoutMs: 30_000,
    });
    for (const partition of partitions) expect(await done(partition)).toEqual(all);
  });
});
