import { type Station } from '@closeloop/contracts';
import { configProvider, Metrics, Readiness, SERVICE_NAME, SERVICE_TRANSPORT, Tracer } from '@closeloop/platform';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { BatchProducer, kafkaConnection, partitionCounts } from './batch-producer.js';
import { type Delivery } from './batch.js';
import { EffectDelivery } from './effect.delivery.js';
import { Emitter } from './emitter.js';
import { HopDelivery } from './hop.delivery.js';
import { KafkaBatchServer, type ServerTimes } from './kafka-batch.server.js';
import { adminOf, kafkaClient } from './kafka.client.js';
import { KafkaConfig } from './kafka.config.js';
import { MessagingMetrics } from './messaging.metrics.js';
import { letOriginalErrorsThrough } from './original-error.filter.js';
import { OutboxRelay } from './outbox-relay.js';
import { Outbox } from './outbox.js';
import { ensureTopic } from './topics.js';
import { StationController } from './station.controller.js';
import { TopicMaker } from './topics.js';

export interface MessagingOptions {
  /**
   * hop: a stateless step, its position is Kafka's. effect: a stateful one, its position moves with the effect in the service's
   * database; needs DatabaseModule and `messagingTables`, gives the Outbox.
   */
  readonly mode: 'hop' | 'effect';
  /**
   * How long from one fetch that brought something to the next, at least; 0 where absent. For a service that nobody waits for: what comes
   * alone is done at once, and many that come one by one are done together.
   */
  readonly restMs?: number;
  /** For specs: shorter pauses */
  readonly times?: Partial<ServerTimes>;
}

/** Kafka for a service: what its station says is consumed and produced, and nothing else. */
@Module({})
export class MessagingModule {
  /** A global module. The start fails when a consumed topic has no handler, or a handler no consumed topic. */
  static forService(station: Station, { mode, restMs = 0, times }: MessagingOptions): DynamicModule {
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
            kafkaConnection(() => kafkaClient(config, `closeloop.${service}`)),
            partitionCounts(adminOf(config, `closeloop.${service}`), (admin, topic) =>
              // those of teams are made with them; one that is missing all the same is made here
              isOfFamily(station, topic.slice(config.prefix.length)) ? ensureTopic(admin, topic, config) : undefined,
            ),
            config.prefix,
          ),
      },
      {
        provide: TopicMaker,
        inject: [KafkaConfig, SERVICE_NAME],
        useFactory: (config: KafkaConfig, service: string) => new TopicMaker(config, `closeloop.${service}.topics`),
      },
    ];
    return mode === 'hop'
      ? {
          module: MessagingModule,
          global: true,
          controllers: [StationController],
          providers: [...shared, hop, hopTransport(station, restMs, times)],
          exports: [SERVICE_TRANSPORT, BatchProducer, TopicMaker, HopDelivery],
        }
      : {
          module: MessagingModule,
          global: true,
          controllers: [StationController],
          providers: [...shared, outboxProvider, relay(station), effect, effectTransport(station, restMs, times)],
          exports: [SERVICE_TRANSPORT, BatchProducer, TopicMaker, Outbox, OutboxRelay, EffectDelivery],
        };
  }
}

const outboxProvider: Provider = {
  provide: Outbox,
  inject: [DataSource, Emitter, KafkaConfig],
  useFactory: (dataSource: DataSource, emitter: Emitter, { outboxBound }: KafkaConfig) =>
    new Outbox(dataSource, emitter, outboxBound),
};

const isOfFamily = ({ producesFamilies }: Station, topic: string): boolean =>
  producesFamilies.some(({ has }) => has(topic));

const relay = (station: Station): Provider => ({
  provide: OutboxRelay,
  inject: [DataSource, Outbox, BatchProducer, Tracer],
  useFactory: (dataSource: DataSource, box: Outbox, producer: BatchProducer, tracer: Tracer) =>
    new OutboxRelay(dataSource, box, producer, tracer, undefined, (topic) => isOfFamily(station, topic)),
});

const hop: Provider = {
  provide: HopDelivery,
  inject: [KafkaConfig, SERVICE_NAME, Emitter, BatchProducer],
  useFactory: (config: KafkaConfig, service: string, emitter: Emitter, producer: BatchProducer) =>
    new HopDelivery(config.prefix, emitter, producer, adminOf(config, `closeloop.${service}`)),
};

const effect: Provider = {
  provide: EffectDelivery,
  inject: [Emitter, DataSource, Outbox],
  useFactory: (emitter: Emitter, dataSource: DataSource, box: Outbox) => new EffectDelivery(emitter, dataSource, box),
};

interface TransportParts {
  station: Station;
  mode: 'hop' | 'effect';
  restMs: number;
  times: Partial<ServerTimes> | undefined;
  config: KafkaConfig;
  service: string;
  readiness: Readiness;
  registry: Metrics;
  tracer: Tracer;
  modules: ModulesContainer;
  delivery: Delivery;
  outbox: Outbox | undefined;
  start: () => void;
  stop: () => Promise<void>;
}

function transport(parts: TransportParts): KafkaBatchServer {
  const {
    station,
    mode,
    restMs,
    times,
    config,
    service,
    readiness,
    registry,
    tracer,
    modules,
    delivery,
    outbox,
    start,
    stop,
  } = parts;
  letOriginalErrorsThrough(modules);
  const server = new KafkaBatchServer(
    { station, prefix: config.prefix, mode, restMs, ...(times && { times }) },
    {
      delivery,
      client: (observeLog) => kafkaClient(config, `closeloop.${service}`, observeLog),
      withAdmin: adminOf(config, `closeloop.${service}`),
      tracer,
      metrics: (self) =>
        new MessagingMetrics(registry, { outbox, owned: () => self.owned, readEnds: () => self.readEnds() }),
      start,
      stop,
    },
  );
  readiness.register('kafka', () => server.unready());
  return server;
}

const hopTransport = (station: Station, restMs: number, times: Partial<ServerTimes> | undefined): Provider => ({
  provide: SERVICE_TRANSPORT,
  inject: [KafkaConfig, SERVICE_NAME, Readiness, Metrics, Tracer, ModulesContainer, BatchProducer, HopDelivery],
  useFactory: (
    config: KafkaConfig,
    service: string,
    readiness: Readiness,
    registry: Metrics,
    tracer: Tracer,
    modules: ModulesContainer,
    producer: BatchProducer,
    delivery: HopDelivery,
  ) =>
    transport({
      station,
      mode: 'hop',
      restMs,
      times,
      config,
      service,
      readiness,
      registry,
      tracer,
      modules,
      delivery,
      outbox: undefined,
      start: () => undefined,
      stop: () => producer.close(),
    }),
});

const effectTransport = (station: Station, restMs: number, times: Partial<ServerTimes> | undefined): Provider => ({
  provide: SERVICE_TRANSPORT,
  inject: [
    KafkaConfig,
    SERVICE_NAME,
    Readiness,
    Metrics,
    Tracer,
    ModulesContainer,
    BatchProducer,
    EffectDelivery,
    Outbox,
    OutboxRelay,
  ],
  useFactory: (
    config: KafkaConfig,
    service: string,
    readiness: Readiness,
    registry: Metrics,
    tracer: Tracer,
    modules: ModulesContainer,
    producer: BatchProducer,
    delivery: EffectDelivery,
    box: Outbox,
    outboxRelay: OutboxRelay,
  ) =>
    transport({
      station,
      mode: 'effect',
      restMs,
      times,
      config,
      service,
      readiness,
      registry,
      tracer,
      modules,
      delivery,
      outbox: box,
      start: () => outboxRelay.start(),
      stop: async () => {
        await outboxRelay.close();
        await producer.close();
      },
    }),
});
