import { seriesBy } from '#shared/runtime/metric-series.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';

export type EventOutcome = 'published' | 'failed';
export type SignalOutcome = 'ok' | 'failed' | 'skipped';

export type ChatMetrics = {
  event(outcome: EventOutcome): void;
  signalled(outcome: SignalOutcome): void;
  /** Seconds that a route took to answer. */
  timed<T>(operation: string, call: () => Promise<T>): Promise<T>;
  swept(rows: number): void;
  purged(rows: number): void;
};

export function createChatMetrics(metrics: Metrics): ChatMetrics {
  const events = metrics.counter('chat_events_total', 'Attempts to publish a row on the bus', ['outcome']);
  const signals = metrics.counter('chat_signals_total', 'Signals handed to the backplane', ['outcome']);
  const sweeps = metrics.counter('chat_swept_rows_total', 'Rows that a sweep published in the place of their writer');
  const purges = metrics.counter('chat_purged_rows_total', 'Tombstones removed after their retention');
  const seconds = metrics.histogram('chat_request_seconds', 'Time that a route took to answer', {
    labels: ['operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const eventOf = seriesBy((outcome: EventOutcome) => events.labels({ outcome }));
  const signalOf = seriesBy((outcome: SignalOutcome) => signals.labels({ outcome }));
  const secondsOf = seriesBy((operation: string) => seconds.labels({ operation }));
  return {
    event: (outcome) => eventOf(outcome).inc(),
    signalled: (outcome) => signalOf(outcome).inc(),
    swept: (rows) => sweeps.inc(rows),
    purged: (rows) => purges.inc(rows),
    async timed(operation, call) {
      const startedAt = performance.now();
      try {
        return await call();
      } finally {
        secondsOf(operation).observe((performance.now() - startedAt) / 1_000);
      }
    },
  };
}
