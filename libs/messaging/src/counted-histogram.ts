import { type MetricObjectWithValues, type MetricValue, type MetricValueWithName, type Registry } from 'prom-client';

interface Counts {
  /** By bucket, not added up; the last is above all of them */
  readonly buckets: number[];
  sum: number;
}

/** A histogram with one label for what is counted for every single event: prom-client's own costs more than reading one. */
export class CountedHistogram {
  readonly #counts = new Map<string, Counts>();

  constructor(
    private readonly options: {
      readonly name: string;
      readonly help: string;
      readonly label: string;
      readonly buckets: readonly number[];
      readonly registry: Registry;
    },
  ) {
    options.registry.registerMetric(this as never);
  }

  get name(): string {
    return this.options.name;
  }

  observe(label: string, value: number): void {
    const { buckets: bounds } = this.options;
    let counts = this.#counts.get(label);
    if (!counts) this.#counts.set(label, (counts = { buckets: new Array<number>(bounds.length + 1).fill(0), sum: 0 }));
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    counts.buckets[at]!++;
    counts.sum += value;
  }

  /** Asked by the registry. */
  get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    const { name, help, label, buckets: bounds } = this.options;
    const values: MetricValueWithName<string>[] = [];
    for (const [of, { buckets, sum }] of this.#counts) {
      let total = 0;
      for (const [at, count] of buckets.entries()) {
        total += count;
        values.push({ metricName: `${name}_bucket`, labels: { [label]: of, le: bounds[at] ?? '+Inf' }, value: total });
      }
      values.push({ metricName: `${name}_sum`, labels: { [label]: of }, value: sum });
      values.push({ metricName: `${name}_count`, labels: { [label]: of }, value: total });
    }
    return Promise.resolve({ name, help, type: 'histogram', values, aggregator: 'sum' } as never);
  }

  reset(): void {
    this.#counts.clear();
  }
}
