import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** The service's Prometheus registry; inject it to add measures. One an app, so that two services in one process do not mix. */
export class Metrics extends Registry {
  readonly httpSeconds: Histogram<'method' | 'route' | 'status'>;

  constructor(service: string) {
    super();
    this.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this });
    this.httpSeconds = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Seconds from the first byte of a request to the last of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [this],
    });
  }
}
