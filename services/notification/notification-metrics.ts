import { seriesBy } from '#shared/runtime/metric-series.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import type { DropReason } from './domain/decide.ts';

export type EventOutcome = 'stored' | 'duplicate' | DropReason | 'invalid' | 'failed';
export type PushOutcome = 'ok' | 'failed' | 'skipped';

export type NotificationMetrics = {
  event(outcome: EventOutcome): void;
  pushed(outcome: PushOutcome): void;
  /** Seconds that the store took for `operation`. */
  timed<T>(operation: string, call: () => Promise<T>): Promise<T>;
  purged(rows: number): void;
  revocation(outcome: 'revoked' | 'lifted', kind: 'user' | 'token'): void;
};

export function createNotificationMetrics(metrics: Metrics): NotificationMetrics {
  const events = metrics.counter('notification_events_total', 'Events that were consumed, by what became of them', [
    'outcome',
  ]);
  const pushes = metrics.counter('notification_pushes_total', 'Rows handed to the backplane', ['outcome']);
  const purges = metrics.counter('notification_purged_rows_total', 'Tombstones removed after their retention');
  const revocations = metrics.counter('notification_revocations_total', 'Revocations that were stored or lifted', [
    'outcome',
    'kind',
  ]);
  const seconds = metrics.histogram('notification_store_seconds', 'Time that a call to the store took', {
    labels: ['operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const eventOf = seriesBy((outcome: EventOutcome) => events.labels({ outcome }));
  const pushOf = seriesBy((outcome: PushOutcome) => pushes.labels({ outcome }));
  const secondsOf = seriesBy((operation: string) => seconds.labels({ operation }));
  return {
    event: (outcome) => eventOf(outcome).inc(),
    pushed: (outcome) => pushOf(outcome).inc(),
    purged: (rows) => purges.inc(rows),
    revocation: (outcome, kind) => revocations.inc({ outcome, kind }),
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
