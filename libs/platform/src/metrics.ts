import { type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

import { EventLoopDelay } from './event-loop-delay.js';

/** prom-client's own watch on the event loop cannot be left out; like this it sleeps until it is replaced. */
const HOURLY_MS = 3_600_000;

/** The service's Prometheus registry; inject it to add measures. One an app, so that two services in one process do not mix. */
export class Metrics extends Registry implements OnApplicationShutdown {
  readonly httpSeconds: Histogram<'method' | 'route' | 'status'>;
  readonly #eventLoopDelay: EventLoopDelay;

  constructor(service: string) {
    super();
    this.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this, eventLoopMonitoringPrecision: HOURLY_MS });
    this.#eventLoopDelay = new EventLoopDelay(this);
    this.httpSeconds = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Seconds from the first byte of a request to the last of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [this],
    });
  }

  onApplicationShutdown(): void {
    this.#eventLoopDelay.stop();
  }
}
