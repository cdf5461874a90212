import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

/** One process's metrics. Labels are of a fixed small set: never an id, never a text of a client. */
export type Metrics = {
  /** Prometheus' text format. */
  render(): Promise<string>;
  readonly contentType: string;
  counter<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Counter<Label>;
  gauge<Label extends string = never>(name: string, help: string, labels?: readonly Label[]): Gauge<Label>;
  /** `buckets` in the unit that the name ends with. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    options?: { labels?: readonly Label[]; buckets?: readonly number[] },
  ): Histogram<Label>;
};

/** A registry of its own, so that several services in one process and several tests in one file don't meet. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    render: () => registry.metrics(),
    contentType: registry.contentType,
    counter: (name, help, labelNames = []) => new Counter({ name, help, labelNames, registers }),
    gauge: (name, help, labelNames = []) => new Gauge({ name, help, labelNames, registers }),
    histogram: (name, help, { labels = [], buckets } = {}) =>
      new Histogram({ name, help, labelNames: labels, registers, ...(buckets ? { buckets: [...buckets] } : {}) }),
  };
}
