import express, { type Express } from 'express';
import type { InternalTokens } from '#shared/auth/internal-tokens.ts';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import { createInternalApp } from '#shared/http/internal-app.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import { startRetention } from '#shared/store/retention.ts';
import { createUserInteractionConsumer, type UserInteractionConsumer } from './consume/user-interaction.ts';
import { createRestApp } from './http/rest-app.ts';
import { revocationRoutes } from './http/revocation-routes.ts';
import { createNotificationMetrics } from './notification-metrics.ts';
import { createRowPusher } from './push-rows.ts';
import { createRevocations, type Revocations } from './revocations.ts';
import type { NotificationStore } from './store/notification-store.ts';
import type { RevocationStore } from './store/revocation-store.ts';
import { createStreamSource } from './stream-source.ts';

export type NotificationLimits = {
  /** How long a deleted row stays as a tombstone; readers that were away longer reload. @default 90 */
  readonly tombstoneDays?: number;
  /** Pushes that wait for a slow backplane. @default 10,000 */
  readonly maxPendingPushes?: number;
};

export type NotificationOptions = {
  /** Stays the caller's, as do all others: they are closed after this one. */
  readonly store: NotificationStore;
  readonly revocationStore: RevocationStore;
  readonly backplane: Backplane;
  readonly verifier: TokenVerifier;
  readonly internalTokens: InternalTokens;
  readonly origins: OriginPolicy;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly limits?: NotificationLimits;
};

export type Notification = {
  /** `/api/notifications` and `/internal`. */
  readonly app: Express;
  /** The same as `/internal`, for a hub in this process. */
  readonly source: StreamSource;
  /** The same as `/internal/revocations`. */
  readonly revocations: Revocations;
  /** For a receive endpoint, which is stopped before `close`. */
  readonly consumer: UserInteractionConsumer;
  /** Finishes what is on its way to the backplane. */
  close(): Promise<void>;
};

/** The notification service without its servers: decides, stores, pushes, answers. */
export function createNotification(options: NotificationOptions): Notification {
  const { store, backplane, verifier, internalTokens, origins, clock, log, limits = {} } = options;
  const metrics = createNotificationMetrics(options.metrics);
  const pusher = createRowPusher({ backplane, log, metrics, maxPending: limits.maxPendingPushes ?? 10_000 });
  const source = createStreamSource(store);
  const rest = createRestApp({ store, pusher, verifier, origins, log, metrics });
  const revocations = createRevocations({ store: options.revocationStore, backplane, log, metrics });
  const own = revocationRoutes(revocations, clock);
  const internal = createInternalApp({ source, tokens: internalTokens, log, own });
  const retention = startRetention({
    store,
    clock,
    log,
    onPurged: metrics.purged,
    tombstoneDays: limits.tombstoneDays ?? 90,
  });

  const app = express();
  app.disable('x-powered-by');
  app.use((request, response) => (request.path.startsWith('/internal/') ? internal : rest)(request, response));
  return {
    app,
    source,
    revocations,
    consumer: createUserInteractionConsumer({ store, pusher, metrics }),
    async close() {
      await retention.stop();
      await pusher.drain();
    },
  };
}
