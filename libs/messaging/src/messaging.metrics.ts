import { type Metrics } from '@closeloop/platform';
import { Counter, Gauge, Histogram } from 'prom-client';
import { type OutcomeCounts } from './batch.js';

/** What the messaging layer measures, in the service's registry. */
export class MessagingMetrics {
  readonly #events: Counter<'topic' | 'outcome'>;
  readonly #seconds: Histogram<'topic'>;
  readonly #pauses: Counter<'topic' | 'cause'>;

  constructor(registry: Metrics, readings: { unsent: () => number; paused: () => number; alarms: () => number }) {
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
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge('messaging_outbox_unsent', 'Rows of the outbox that are not sent yet', readings.unsent);
    gauge('messaging_paused_partitions', 'Partitions that wait to be tried again', readings.paused);
    gauge('messaging_alarmed_partitions', 'Partitions whose position cannot be gone on from', readings.alarms);
  }

  applied(topic: string, counts: OutcomeCounts): void {
    for (const [outcome, count] of Object.entries(counts)) if (count > 0) this.#events.inc({ topic, outcome }, count);
  }

  batch(topic: string, seconds: number): void {
    this.#seconds.observe({ topic }, seconds);
  }

  paused(topic: string, cause: string): void {
    this.#pauses.inc({ topic, cause });
  }
}
