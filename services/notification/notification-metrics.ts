import type { Counter, Metrics } from '#shared/runtime/metrics.ts';
import type { DropReason } from './domain/decide.ts';

export type EventOutcome = 'stored' | 'duplicate' | DropReason | 'invalid' | 'failed';
export type PushOutcome = 'ok' | 'failed' | 'skipped';

export type NotificationMetrics = {
  event(outcome: EventOutcome): void;
  pushed(outcome: PushOutcome): void;
  /** Seconds that the store took for `operation`. */
  timed<T>(operation: string, call: () => Promise<T>): Promise<T>;
  purged(rows: number): void;
};

export function createNotificationMetrics(metrics: Metrics): NotificationMetrics {
  const events = metrics.counter('notification_events_total', 'Events that were consumed, by what became of them', [
    'outcome',
  ]);
  const pushes = metrics.counter('notification_pushes_total', 'Rows handed to the backplane', ['outcome']);
  const purges = metrics.counter('notification_purged_rows_total', 'Tombstones removed after their retention');
  const seconds = metrics.histogram('notification_store_seconds', 'Time that a call to the store took', {
    labels: ['operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const eventOf = byOutcome<EventOutcome>(events);
  const pushOf = byOutcome<PushOutcome>(pushes);
  return {
    event: (outcome) => eventOf(outcome).inc(),
    pushed: (outcome) => pushOf(outcome).inc(),
    purged: (rows) => purges.inc(rows),
    async timed(operation, call) {
      const end = seconds.startTimer({ operation });
      try {
        return await call();
      } finally {
        end();
      }
    },
  };
}

/** Finding a series by its labels costs more than counting. */
function byOutcome<Outcome extends string>(counter: Counter<'outcome'>): (outcome: Outcome) => Counter.Internal {
  const series = new Map<Outcome, Counter.Internal>();
  return (outcome) => {
    let found = series.get(outcome);
    if (!found) {
      found = counter.labels({ outcome });
      series.set(outcome, found);
    }
    return found;
  };
}
