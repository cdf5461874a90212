import express, { type Express } from 'express';
import type { InternalTokens } from '#shared/auth/internal-tokens.ts';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import { createInternalApp } from '#shared/http/internal-app.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import { startRetention } from '#shared/store/retention.ts';
import { createChatMetrics } from './chat-metrics.ts';
import { everyoneIsAFriend, type FriendGraph } from './friends/friend-graph.ts';
import { createRestApp } from './http/rest-app.ts';
import { createOutbox } from './outbox/outbox.ts';
import { createSignals } from './signals.ts';
import type { ChatStore } from './store/chat-store.ts';
import { createStreamSource } from './stream-source.ts';
import { startSweeper } from './sweeper.ts';

export type ChatLimits = {
  /** Of a group. @default 1,000 */
  readonly maxMembers?: number;
  /** How long a deleted message stays as a tombstone; readers that were away longer reload. @default 90 */
  readonly tombstoneDays?: number;
  /** Pause between two sweeps of the outbox. @default 2,000 */
  readonly sweepEveryMs?: number;
  /** What is younger is left to its writer. @default 5,000 */
  readonly sweepGraceMs?: number;
  /** How long a sweep has rows to itself: longer than the bus takes to give up. @default 45,000 */
  readonly leaseMs?: number;
  /** Rows in one step of a sweep. @default 200 */
  readonly sweepRows?: number;
  /** Events that wait for the bus; more are left to the sweep. @default 1,000 */
  readonly maxEventsInFlight?: number;
  /** Signals that wait for a slow backplane. @default 10,000 */
  readonly maxPendingSignals?: number;
};

export type ChatOptions = {
  /** Stays the caller's, as do all others: they are closed after this one. */
  readonly store: ChatStore;
  readonly bus: Bus;
  readonly backplane: Backplane;
  readonly verifier: TokenVerifier;
  readonly internalTokens: InternalTokens;
  readonly origins: OriginPolicy;
  /** @default everybody may write to everybody */
  readonly friends?: FriendGraph;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly limits?: ChatLimits;
};

export type Chat = {
  /** `/api/chat` and `/internal`. */
  readonly app: Express;
  /** The same as `/internal`, for a hub in this process. */
  readonly source: StreamSource;
  /** Finishes what is on its way to the bus and the backplane. */
  close(): Promise<void>;
};

/** The chat service without its servers: decides, stores, answers, and then publishes. */
export function createChat(options: ChatOptions): Chat {
  const { store, bus, backplane, verifier, internalTokens, origins, clock, log, limits = {} } = options;
  const { friends = everyoneIsAFriend } = options;
  const metrics = createChatMetrics(options.metrics);
  const signals = createSignals({ backplane, log, metrics, maxPending: limits.maxPendingSignals ?? 10_000 });
  const graceMs = limits.sweepGraceMs ?? 5_000;
  const outbox = createOutbox({
    store,
    publisher: createEventPublisher({ bus, clock }),
    clock,
    log,
    metrics,
    onLeftover: (row) => signals.membership(row),
    graceMs,
    leaseMs: limits.leaseMs ?? 45_000,
    sweepRows: limits.sweepRows ?? 200,
    maxInFlight: limits.maxEventsInFlight ?? 1_000,
  });
  const sweeper = startSweeper({
    store,
    bus,
    outbox,
    signals,
    clock,
    log,
    metrics,
    everyMs: limits.sweepEveryMs ?? 2_000,
    graceMs,
    maxMemberships: 100,
  });
  const tombstoneDays = limits.tombstoneDays ?? 90;
  const retention = startRetention({ store, clock, log, onPurged: metrics.purged, tombstoneDays });

  const source = createStreamSource(store);
  const maxMembers = limits.maxMembers ?? 1_000;
  const rest = createRestApp({ store, outbox, signals, friends, maxMembers, verifier, origins, log, metrics });
  const internal = createInternalApp({ source, tokens: internalTokens, log });
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response) => (request.path.startsWith('/internal/') ? internal : rest)(request, response));
  return {
    app,
    source,
    async close() {
      await Promise.all([retention.stop(), sweeper.stop()]);
      await outbox.stop();
      await signals.drain();
    },
  };
}
