import { feedbackReceived, feedbackTagged, type FeedbackReceived, type Station } from '@closeloop/contracts';
import { createService, DatabaseModule, migrateDatabase, type RunningService } from '@closeloop/platform';
import { testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { Controller, Module, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import {
  createTopics,
  type EffectContext,
  type IncomingEvent,
  MessagingModule,
  messagingTables,
  type MessagingOptions,
  type Outcome,
} from './index.js';

export type Handle<T> = (events: IncomingEvent<T>[], context: EffectContext) => Outcome[] | Promise<Outcome[]>;

/** A consumer of feedback.received.v1 that does what a spec says. */
export function receivedConsumer(handle: Handle<FeedbackReceived>): Type {
  @Controller()
  class ReceivedConsumer {
    @EventPattern<string>(feedbackReceived.topic)
    take(@Payload() events: IncomingEvent<FeedbackReceived>[], @Ctx() context: EffectContext) {
      return handle(events, context);
    }
  }
  return ReceivedConsumer;
}

const database = { entities: [], migrations: messagingTables };

/** Short pauses, so that specs wait little. */
const times = { backoffMs: [50, 500], failingMs: 1_000, alarmMs: 300 } as const;

/** Reads feedback.received.v1 under a group of its own, and may send what the pipeline's first steps send. */
export const stationOf = (name: string): Station => ({
  group: `closeloop.${name}`,
  consumes: [feedbackReceived],
  consumesDeadLettersOf: [],
  produces: [feedbackTagged],
  producesFamilies: [],
});

/** A service of one station, with its controllers, running on real Kafka (and Postgres, with effects). */
export async function startStation(
  environment: TestEnvironment,
  station: Station,
  controllers: Type[],
  { mode, ...options }: MessagingOptions & { env?: Record<string, string>; database?: string },
): Promise<RunningService> {
  class SpecModule {}
  Module({
    imports: [
      MessagingModule.forService(station, { mode, times: { ...times, ...options.times } }),
      ...(mode === 'effect' ? [DatabaseModule.forService(database)] : []),
    ],
    controllers,
  })(SpecModule);
  const env = { ...environment.env, SPEC_PORT: '0', ...options.env };
  if (mode === 'effect') await migrateDatabase('spec', database, env);
  return createService('spec', SpecModule, { env, logger: false });
}

export const migrateSpecDatabase = (environment: TestEnvironment) => migrateDatabase('spec', database, environment.env);

export async function kafkaEnvironment(): Promise<TestEnvironment> {
  const environment = await testEnvironment();
  await createTopics(environment.env, { partitions: 2 });
  return environment;
}
