import { createLogger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';

export const silentLog = createLogger({ name: 'simulation', level: 'silent' });

/** Counts nothing but what is asked for: a real registry costs more than a schedule. */
export function countingMetrics(counted: Map<string, number>): Metrics {
  const series = (name: string) => {
    const one = {
      inc(first?: unknown, second?: unknown) {
        const by = typeof first === 'number' ? first : typeof second === 'number' ? second : 1;
        counted.set(name, (counted.get(name) ?? 0) + by);
      },
      dec() {},
      set() {},
      observe() {},
      labels: () => one,
    };
    return one;
  };
  return { counter: series, gauge: series, histogram: series, registry: undefined } as unknown as Metrics;
}
