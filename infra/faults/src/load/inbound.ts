import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { feedbackInbound } from '@closeloop/contracts';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { type Journal, type Told } from './journal.js';
import { type Step } from './step.js';

/**
 * Offers feedback over Kafka, one send at a time, each until it is acknowledged. What was sent twice stands twice in the topic, which is
 * what the oracle counts by.
 */
export class InboundProducer {
  readonly #kafka: Kafka;
  #producer: Promise<Producer> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(
    brokers: string,
    private readonly journal: Journal,
    private readonly signal: AbortSignal,
  ) {
    this.#kafka = new Kafka({
      clientId: 'closeloop.faults',
      brokers: brokers.split(','),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 2_000,
      requestTimeout: 10_000,
      retry: { retries: 0 },
    });
  }

  /** In the order of the calls. Resolves also where it was given up. */
  send(steps: readonly Step[]): Promise<void> {
    const told = this.journal.sends(steps.map(({ notes }) => ({ ...notes, via: 'kafka' })));
    return (this.#last = this.#last.then(() => this.#send(steps, told)));
  }

  async #send(steps: readonly Step[], told: readonly Told[]): Promise<void> {
    const messages = steps.map(({ body, key, headers }) => ({
      key,
      value: body,
      headers: {
        ce_specversion: '1.0',
        ce_id: randomUUID(),
        ce_type: feedbackInbound.topic,
        ce_source: '/faults',
        'content-type': 'application/json',
        ...headers,
      },
    }));
    const { phase } = told[0]!.submission;
    const nos = told.map(({ submission: { no } }) => no);
    for (let attempt = 0; !this.signal.aborted; attempt++) {
      const begun = performance.now();
      const note = (was: 'answered' | 'undetermined', what: string): void =>
        this.journal.attempted({
          phase,
          what: 'kafka',
          nos,
          to: 'kafka',
          was,
          told: what,
          ms: performance.now() - begun,
        });
      try {
        const producer = await (this.#producer ??= this.#connect());
        await producer.send({ topic: feedbackInbound.topic, acks: -1, messages });
        note('answered', 'acknowledged');
        for (const one of told) this.journal.answered(one, { result: 'written' });
        return;
      } catch (error) {
        note('undetermined', (error as Error).name);
        await this.#drop();
        await sleep(Math.min(2_000, 100 * 2 ** attempt), undefined, { signal: this.signal }).catch(() => undefined);
      }
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  }

  async #drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((one) => one.disconnect()).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#drop();
  }
}
