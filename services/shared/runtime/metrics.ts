import {
  type Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type Metric,
  Counter as PromCounter,
  Registry,
} from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

/**
 * The metrics of one process. Asking for a name again gives the same metric, so that parts may share one. Label values
 * come from closed sets: never ids, paths or texts.
 */
export type Metrics = {
  readonly registry: Registry;
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  /** `collect` is called at each scrape and sets the value. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    collect?: (gauge: Gauge<L>) => void,
  ): Gauge<L>;
  /** `buckets` in the metric's unit. @default those of HTTP requests, in seconds */
  histogram<L extends string = never>(
    name: string,
    help: string,
    options?: { labels?: readonly L[]; buckets?: readonly number[] },
  ): Histogram<L>;
};

/** A registry of its own with the process's metrics (CPU, memory, event loop), all labelled `service`. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const known = new Map<string, { shape: string; metric: Metric<string> }>();

  function once<M extends Metric<string>>(name: string, shape: string, make: () => M): M {
    const existing = known.get(name);
    if (existing && existing.shape !== shape) {
      throw new Error(`metric ${name} is already a ${existing.shape}, not a ${shape}`);
    }
    if (existing) return existing.metric as M;
    const metric = make();
    known.set(name, { shape, metric });
    return metric;
  }

  return {
    registry,
    counter: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      once(name, `counter(${labels})`, () => {
        const options = { name, help, labelNames: [...labels], registers: [registry] };
        return new PromCounter<L>(options) as Counter<string>;
      }) as Counter<L>,
    gauge: <L extends string>(
      name: string,
      help: string,
      labels: readonly L[] = [],
      collect?: (gauge: Gauge<L>) => void,
    ) =>
      once(name, `gauge(${labels})`, () => {
        const options = { name, help, labelNames: [...labels], registers: [registry] };
        const gauge: Gauge<L> = new Gauge<L>(collect ? { ...options, collect: () => collect(gauge) } : options);
        return gauge as Gauge<string>;
      }) as Gauge<L>,
    histogram: <L extends string>(
      name: string,
      help: string,
      { labels = [], buckets }: { labels?: readonly L[]; buckets?: readonly number[] } = {},
    ) =>
      once(name, `histogram(${labels})`, () => {
        const options = { name, help, labelNames: [...labels], registers: [registry] };
        return new Histogram<L>(buckets ? { ...options, buckets: [...buckets] } : options) as Histogram<string>;
      }) as Histogram<L>,
  };
}
