import type { Request } from 'express';
import {
  createUserInteractionConsumer,
  type UserInteractionConsumer,
} from '#services/notification/consume/user-interaction.ts';
import { routes } from '#services/notification/http/routes.ts';
import { createNotificationMetrics } from '#services/notification/notification-metrics.ts';
import { createRowPusher, type RowPusher } from '#services/notification/push-rows.ts';
import type { NotificationStore } from '#services/notification/store/notification-store.ts';
import { createStreamSource } from '#services/notification/stream-source.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import type { HostileNetwork } from '#shared/stream/simulator/hostile-backplane.fixture.ts';
import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import { match } from './match-route.ts';
import { countingMetrics, silentLog } from './silent.ts';
import { overTheNetwork, type SimulatedDatabase } from './simulated-database.ts';

export type ReplicaParts = {
  readonly simulation: Simulation;
  readonly database: SimulatedDatabase<NotificationStore>;
  readonly backplane: HostileNetwork;
  /** Of calls to the database. */
  readonly loss: () => number;
};

const metrics = createNotificationMetrics(countingMetrics(new Map()));

/** One life of a replica of the notification service, without its listeners: consumer, pusher, routes and what hubs ask. */
export class NotificationReplica {
  readonly process: SimulatedProcess;
  readonly consumer: UserInteractionConsumer;
  readonly source: StreamSource;
  readonly #store: NotificationStore;
  readonly #pusher: RowPusher;

  /** @param stored the database as this replica opens it */
  constructor(name: string, stored: NotificationStore, parts: ReplicaParts) {
    this.process = parts.simulation.start(name);
    this.#store = overTheNetwork(stored, this.process, parts);
    const backplane = parts.backplane.connect(this.process);
    this.#pusher = createRowPusher({ backplane, log: silentLog, metrics, maxPending: 1_000 });
    this.consumer = createUserInteractionConsumer({ store: this.#store, pusher: this.#pusher, metrics });
    this.source = createStreamSource(this.#store);
  }

  /** Answers as the REST app does, once it knows the user. */
  async rest(user: UserId, method: string, path: string): Promise<unknown> {
    const url = new URL(path, 'http://simulated');
    for (const route of routes) {
      const params = route.method === method.toLowerCase() ? match(route.path, url.pathname) : undefined;
      if (!params) continue;
      const request = { params, query: Object.fromEntries(url.searchParams) } as unknown as Request;
      return route.answer({ store: this.#store, pusher: this.#pusher }, user, request);
    }
    throw new PlatformError('not_found', 'no such route');
  }

  purge(deletedBefore: number): Promise<{ readonly removed: number }> {
    return this.#store.purge({ deletedBefore });
  }

  newEpoch(): Promise<string> {
    return this.#store.newEpoch();
  }
}
