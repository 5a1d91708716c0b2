import {
  deriveId,
  feedbackReceived,
  feedbackTagged,
  hopEventId,
  type FeedbackReceived,
  type FeedbackTagged,
  type Station,
} from '@closeloop/contracts';
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
  type OutgoingEvent,
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
});

/** A tagged event without tags, as a step would send it. */
export const tagged = (data: FeedbackReceived): OutgoingEvent<FeedbackTagged> => ({
  event: feedbackTagged,
  id: hopEventId('tagged', { ...data, tagRevision: 1 }),
  subject: data.feedbackId,
  data: { feedback: data, tagRevision: 1, tags: null },
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

/** A feedback that is valid as feedback.received.v1 says. */
export function feedback(name: string, text = `said by ${name}`): FeedbackReceived {
  return {
    feedbackId: deriveId('spec', name),
    revision: 1,
    kind: 'created',
    contentHash: '0'.repeat(64),
    source: 'spec',
    externalId: name,
    channel: 'review',
    text,
    receivedAt: '2026-01-01T00:00:00.000Z',
    historic: false,
  };
}

/** One name for each of the reasons that a message itself can give, and what is wrong with it. */
export const poison = (
  headers: Record<string, string>,
): Record<string, { value: string | Buffer; headers: Record<string, string> }> => {
  const valid = JSON.stringify(feedback('poison'));
  return {
    'invalid-json': { value: '{"feedbackId":', headers },
    'invalid-schema': { value: valid.replace('"review"', '"rumour"'), headers },
    'unknown-type': { value: valid, headers: { ...headers, ce_type: 'feedback.imagined.v1' } },
    'too-large': { value: JSON.stringify(feedback('poison', 'x'.repeat(300 * 1024))), headers },
    'forbidden-characters': { value: valid.replace('said by', 'said\\u0000by'), headers },
  };
};

/** The message of a feedback, as another service would send it. */
export function receivedMessage(data: FeedbackReceived, headers: Record<string, string> = {}) {
  return {
    key: data.feedbackId,
    value: data,
    headers: {
      ce_id: hopEventId('received', data),
      ce_type: feedbackReceived.topic,
      ce_source: 'closeloop/ingestion',
      ce_time: '2026-01-01T00:00:00.000Z',
      ce_subject: data.feedbackId,
      ce_specversion: '1.0',
      'content-type': 'application/json',
      ...headers,
    },
  };
}
