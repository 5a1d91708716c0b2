import { type Metrics } from '@closeloop/platform';
import { type KafkaMessage } from 'kafkajs';
import { Counter, Gauge, Histogram } from 'prom-client';
import { type OwnedPartition } from './assignment.js';
import { type OutcomeCounts, type Tally } from './batch.js';
import { CountedHistogram } from './counted-histogram.js';

/** Where the measures that are asked for are read. */
export interface Readings {
  readonly outbox:
    | {
        readonly unsent: number;
        readonly oldestSeconds: number;
        /** By shard */
        readonly parked: ReadonlyMap<number, number>;
      }
    | undefined;
  readonly owned: () => readonly OwnedPartition[];
  /** Brings the ends of the logs up to date; never fails */
  readonly readEnds: () => Promise<void>;
}

/** What the messaging layer measures, in the service's registry. */
export class MessagingMetrics {
  readonly #events: Counter<'topic' | 'outcome'>;
  readonly #seconds: Histogram<'topic'>;
  readonly #pauses: Counter<'topic' | 'cause'>;
  readonly #letters: Counter<'topic' | 'reason'>;
  readonly #sizes: Histogram<'topic'>;
  readonly #stage: CountedHistogram;
  readonly #totals = { ok: 0, drop: 0, skip: 0, 'dead-letter': 0 };

  constructor(registry: Metrics, readings: Readings) {
    const registers = [registry];
    this.#events = new Counter({
      name: 'messaging_events_total',
      help: 'Events that were handled, by outcome',
      labelNames: ['topic', 'outcome'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'messaging_batch_seconds',
      help: 'Seconds from a batch at hand to its position moved',
      labelNames: ['topic'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#pauses = new Counter({
      name: 'messaging_pauses_total',
      help: 'Times a partition was paused, to be tried again',
      labelNames: ['topic', 'cause'],
      registers,
    });
    this.#letters = new Counter({
      name: 'messaging_dead_letters_total',
      help: 'Events that became dead letters, by reason',
      labelNames: ['topic', 'reason'],
      registers,
    });
    this.#sizes = new Histogram({
      name: 'messaging_batch_events',
      help: 'Events of a batch as it was fetched',
      labelNames: ['topic'],
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500],
      registers,
    });
    this.#stage = new CountedHistogram({
      name: 'messaging_stage_seconds',
      help: 'Seconds from an event in its topic to its position moved',
      label: 'topic',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registry,
    });
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    const { outbox, owned } = readings;
    const count = (which: (partition: OwnedPartition) => boolean) => () => owned().filter(which).length;
    gauge('messaging_outbox_unsent', 'Rows of the outbox that are not sent yet', () => outbox?.unsent ?? 0);
    gauge(
      'messaging_outbox_oldest_seconds',
      'Seconds that the oldest row of the outbox is known to wait',
      () => outbox?.oldestSeconds ?? 0,
    );
    gauge('messaging_outbox_parked', 'Events that wait beside the outbox for a topic that refuses them', () =>
      [...(outbox?.parked.values() ?? [])].reduce((sum, count) => sum + count, 0),
    );
    gauge(
      'messaging_paused_partitions',
      'Partitions that wait to be tried again',
      count(({ attempts }) => attempts > 0),
    );
    gauge(
      'messaging_alarmed_partitions',
      'Partitions whose position cannot be gone on from',
      count(({ alarm }) => alarm !== undefined),
    );
    new Gauge({
      name: 'messaging_lag',
      help: 'Events of an owned partition that are not done',
      labelNames: ['topic', 'partition'],
      registers,
      async collect() {
        await readings.readEnds();
        this.reset();
        for (const { topic, partition, lag } of owned()) {
          if (lag !== undefined) this.set({ topic, partition }, Number(lag));
        }
      },
    });
    new Gauge({
      name: 'messaging_oldest_unhandled_seconds',
      help: 'Age of the oldest event at hand in an owned partition that is not done',
      labelNames: ['topic', 'partition'],
      registers,
      collect() {
        this.reset();
        for (const { topic, partition, oldest } of owned()) {
          this.set({ topic, partition }, oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1000));
        }
      },
    });
  }

  /** By outcome, since the start. */
  get totals(): OutcomeCounts {
    return { ...this.#totals };
  }

  /** A part is done. */
  applied(topic: string, messages: readonly KafkaMessage[], { counts, reasons }: Tally): void {
    for (const outcome of ['ok', 'drop', 'skip', 'dead-letter'] as const) {
      if (counts[outcome] === 0) continue;
      this.#events.inc({ topic, outcome }, counts[outcome]);
      this.#totals[outcome] += counts[outcome];
    }
    for (const [reason, count] of reasons) this.#letters.inc({ topic, reason }, count);
    const now = Date.now();
    for (const { timestamp } of messages) this.#stage.observe(topic, Math.max(0, now - Number(timestamp)) / 1000);
  }

  /** A batch is at hand. */
  fetched(topic: string, events: number): void {
    this.#sizes.observe({ topic }, events);
  }

  batch(topic: string, seconds: number): void {
    this.#seconds.observe({ topic }, seconds);
  }

  paused(topic: string, cause: string): void {
    this.#pauses.inc({ topic, cause });
  }
}
