import { deriveId, feedbackReceived, hopEventId, type FeedbackReceived, type Station } from '@closeloop/contracts';
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
    @EventPattern(feedbackReceived.topic)
    take(@Payload() events: IncomingEvent<FeedbackReceived>[], @Ctx() context: EffectContext) {
      return handle(events, context);
    }
  }
  return ReceivedConsumer;
}

const database = { entities: [], migrations: messagingTables };

/** Short pauses, so that specs wait little. */
const times = { backoffMs: [50, 500], failingMs: 1_000, alarmMs: 300 } as const;

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
