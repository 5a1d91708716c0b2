import { type ServiceName } from '@closeloop/contracts';
import { BatchProducer, KafkaConfig, type WireMessage } from '@closeloop/messaging';
import { SERVICE_NAME } from '@closeloop/platform';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { replaceProvider } from './replace-provider.js';
import { startBroken } from './start-broken.js';

/** Sends as kafkajs's documentation has it: one idempotent producer, which is kept, and as many sends at once as there are. */
class ConcurrentProducer {
  readonly #producer: Producer;
  #connected: Promise<void> | undefined;

  constructor({ brokers, prefix }: KafkaConfig, service: string) {
    this.prefix = prefix;
    this.#producer = new Kafka({
      ...{ clientId: `closeloop.${service}`, brokers, logLevel: logLevel.NOTHING },
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 8 },
    }).producer({
      ...{ idempotent: true, allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner },
    });
  }

  private readonly prefix: string;

  async send(messages: readonly WireMessage[]): Promise<void> {
    await (this.#connected ??= this.#producer.connect().catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    }));
    // many small sends, as of a service that sends each event by itself
    await Promise.all(
      messages.map(({ topic, key, value, headers }) =>
        this.#producer.send({ topic: this.prefix + topic, acks: -1, messages: [{ key, value, headers }] }),
      ),
    );
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }
}

export const startWithConcurrentProducer = (service: ServiceName): Promise<void> =>
  startBroken(service, (module) =>
    replaceProvider(module, BatchProducer, () => ({
      provide: BatchProducer,
      inject: [KafkaConfig, SERVICE_NAME],
      useFactory: (config: KafkaConfig, name: string) => new ConcurrentProducer(config, name),
    })),
  );
