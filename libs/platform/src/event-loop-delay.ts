import { Gauge, type Registry } from 'prom-client';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * How often the loop is asked for the time. Each is a wake-up of a process that would sleep: prom-client's own 10 ms are most of what
 * an idle service uses.
 */
const RESOLUTION_MS = 200;

/** What prom-client registers by the same means, but finely, and with the interval itself counted as lag. */
const REPLACED = ['', 'min_', 'max_', 'mean_', 'stddev_', 'p50_', 'p90_', 'p99_'].map(
  (part) => `nodejs_eventloop_lag_${part}seconds`,
);

/** Measures how late the event loop comes to its timers. Its timer does not keep the process alive; `stop` ends it. */
export class EventLoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(registry: Registry) {
    for (const name of REPLACED) registry.removeSingleMetric(name);
    const histogram = this.#histogram;
    histogram.enable();
    new Gauge({
      name: 'event_loop_delay_seconds',
      help: `Seconds by which the event loop was late, since the last scrape; looked at every ${RESOLUTION_MS} ms`,
      labelNames: ['quantile'],
      registers: [registry],
      collect() {
        for (const [quantile, nanoseconds] of [
          ['0.5', histogram.percentile(50)],
          ['0.9', histogram.percentile(90)],
          ['0.99', histogram.percentile(99)],
          ['1', histogram.max],
        ] as const) {
          // What is measured is the time between two looks.
          const late = nanoseconds / 1e9 - RESOLUTION_MS / 1e3;
          this.set({ quantile }, histogram.count === 0 ? 0 : Math.max(0, late));
        }
        histogram.reset();
      },
    });
  }

  stop(): void {
    this.#histogram.disable();
  }
}
