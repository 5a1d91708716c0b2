import { type Station } from '@closeloop/contracts';
import { configProvider, Metrics, Readiness, SERVICE_NAME, SERVICE_TRANSPORT } from '@closeloop/platform';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Admin } from 'kafkajs';
import { DataSource } from 'typeorm';
import { BatchProducer, kafkaConnection, partitionCounts } from './batch-producer.js';
import { type Delivery } from './batch.js';
import { EffectDelivery } from './effect.delivery.js';
import { Emitter } from './emitter.js';
import { HopDelivery } from './hop.delivery.js';
import { KafkaBatchServer, type ServerTimes } from './kafka-batch.server.js';
import { kafkaClient } from './kafka.client.js';
import { KafkaConfig } from './kafka.config.js';
import { MessagingMetrics } from './messaging.metrics.js';
import { letOriginalErrorsThrough } from './original-error.filter.js';
import { OutboxRelay } from './outbox-relay.js';
import { Outbox } from './outbox.js';

export interface MessagingOptions {
  /**
   * hop: a stateless step, its position is Kafka's. effect: a stateful one, its position moves with the effect in the service's
   * database; needs DatabaseModule and `messagingTables`, gives the Outbox.
   */
  readonly mode: 'hop' | 'effect';
  /** For specs: shorter pauses */
  readonly times?: Partial<ServerTimes>;
}

const consumerRequestTimeoutMs = 10_000;

/** Kafka for a service: what its station says is consumed and produced, and nothing else. */
@Module({})
export class MessagingModule {
  /** A global module. The start fails when a consumed topic has no handler, or a handler no consumed topic. */
  static forService(station: Station, { mode, times }: MessagingOptions): DynamicModule {
    const shared: Provider[] = [
      configProvider(KafkaConfig),
      {
        provide: Emitter,
        inject: [SERVICE_NAME],
        useFactory: (service: string) => new Emitter(service, station),
      },
      {
        provide: BatchProducer,
        inject: [KafkaConfig, SERVICE_NAME],
        useFactory: (config: KafkaConfig, service: string) =>
          new BatchProducer(
            kafkaConnection(kafkaClient(config, `closeloop.${service}`)),
            partitionCounts(adminOf(config, service)),
            config.prefix,
          ),
      },
    ];
    return mode === 'hop'
      ? {
          module: MessagingModule,
          global: true,
          providers: [...shared, hopTransport(station, times)],
          exports: [SERVICE_TRANSPORT],
        }
      : {
          module: MessagingModule,
          global: true,
          providers: [...shared, outbox, relay, effectTransport(station, times)],
          exports: [SERVICE_TRANSPORT, Outbox],
        };
  }
}

const adminOf =
  (config: KafkaConfig, service: string) =>
  async <T>(use: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = kafkaClient(config, `closeloop.${service}`, { requestTimeoutMs: consumerRequestTimeoutMs }).admin({
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 2 },
    });
    try {
      await admin.connect();
      return await use(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  };

const outbox: Provider = {
  provide: Outbox,
  inject: [DataSource, Emitter, KafkaConfig],
  useFactory: (dataSource: DataSource, emitter: Emitter, { outboxBound }: KafkaConfig) =>
    new Outbox(dataSource, emitter, outboxBound),
};

const relay: Provider = {
  provide: OutboxRelay,
  inject: [DataSource, Outbox, BatchProducer],
  useFactory: (dataSource: DataSource, box: Outbox, producer: BatchProducer) =>
    new OutboxRelay(dataSource, box, producer),
};

interface TransportParts {
  station: Station;
  mode: 'hop' | 'effect';
  times: Partial<ServerTimes> | undefined;
  config: KafkaConfig;
  service: string;
  readiness: Readiness;
  registry: Metrics;
  modules: ModulesContainer;
  delivery: Delivery;
  unsent: () => number;
  start: () => void;
  stop: () => Promise<void>;
}

function transport(parts: TransportParts): KafkaBatchServer {
  const { station, mode, times, config, service, readiness, registry, modules, delivery, unsent, start, stop } = parts;
  letOriginalErrorsThrough(modules);
  const server = new KafkaBatchServer(
    // More partitions at once would wait for the database's connections in an effect, and for the one producer in a hop.
    { station, prefix: config.prefix, mode, concurrency: mode === 'hop' ? 8 : 4, ...(times && { times }) },
    {
      delivery,
      client: (observeLog) =>
        kafkaClient(config, `closeloop.${service}`, { requestTimeoutMs: consumerRequestTimeoutMs, observeLog }),
      withAdmin: adminOf(config, service),
      metrics: (self) =>
        new MessagingMetrics(registry, {
          unsent,
          paused: () => self.pausedPartitions,
          alarms: () => self.alarmedPartitions,
        }),
      start,
      stop,
    },
  );
  readiness.register('kafka', () => server.unready());
  return server;
}

const hopTransport = (station: Station, times: Partial<ServerTimes> | undefined): Provider => ({
  provide: SERVICE_TRANSPORT,
  inject: [KafkaConfig, SERVICE_NAME, Readiness, Metrics, ModulesContainer, BatchProducer, Emitter],
  useFactory: (
    config: KafkaConfig,
    service: string,
    readiness: Readiness,
    registry: Metrics,
    modules: ModulesContainer,
    producer: BatchProducer,
    emitter: Emitter,
  ) =>
    transport({
      station,
      mode: 'hop',
      times,
      config,
      service,
      readiness,
      registry,
      modules,
      delivery: new HopDelivery(station.group, config.prefix, emitter, producer, adminOf(config, service)),
      unsent: () => 0,
      start: () => undefined,
      stop: () => producer.close(),
    }),
});

const effectTransport = (station: Station, times: Partial<ServerTimes> | undefined): Provider => ({
  provide: SERVICE_TRANSPORT,
  inject: [
    KafkaConfig,
    SERVICE_NAME,
    Readiness,
    Metrics,
    ModulesContainer,
    BatchProducer,
    Emitter,
    DataSource,
    Outbox,
    OutboxRelay,
  ],
  useFactory: (
    config: KafkaConfig,
    service: string,
    readiness: Readiness,
    registry: Metrics,
    modules: ModulesContainer,
    producer: BatchProducer,
    emitter: Emitter,
    dataSource: DataSource,
    box: Outbox,
    outboxRelay: OutboxRelay,
  ) =>
    transport({
      station,
      mode: 'effect',
      times,
      config,
      service,
      readiness,
      registry,
      modules,
      delivery: new EffectDelivery(station.group, emitter, dataSource, box),
      unsent: () => box.unsent,
      start: () => outboxRelay.start(),
      stop: async () => {
        await outboxRelay.close();
        await producer.close();
      },
    }),
});
