import type { Request } from 'express';
import { createChatMetrics } from '#services/chat/chat-metrics.ts';
import { everyoneIsAFriend } from '#services/chat/friends/friend-graph.ts';
import type { RouteContext } from '#services/chat/http/route.ts';
import { routes } from '#services/chat/http/routes.ts';
import { createOutbox } from '#services/chat/outbox/outbox.ts';
import { createSignals } from '#services/chat/signals.ts';
import type { ChatStore } from '#services/chat/store/chat-store.ts';
import { createStreamSource } from '#services/chat/stream-source.ts';
import { startSweeper } from '#services/chat/sweeper.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { HostileNetwork } from '#shared/stream/simulator/hostile-backplane.fixture.ts';
import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import type { EventQueue } from './event-queue.ts';
import { match } from './match-route.ts';
import { countingMetrics, silentLog } from './silent.ts';
import { overTheNetwork, type SimulatedDatabase } from './simulated-database.ts';

export type ChatReplicaParts = {
  readonly simulation: Simulation;
  readonly database: SimulatedDatabase<ChatStore>;
  readonly backplane: HostileNetwork;
  readonly queue: EventQueue;
  readonly busIsDown: () => boolean;
  readonly confirmsLate: () => boolean;
  /** Of calls to the database and the broker. */
  readonly loss: () => number;
};

const metrics = createChatMetrics(countingMetrics(new Map()));

/** Leases run out while somebody is frozen or slow. */
const graceMs = 1_000;
const leaseMs = 4_000;

const lateConfirmMs = [800, 1_500] as const;

/** One life of a replica of the chat service, without its listeners: routes, outbox, sweeper, signals and what hubs ask. */
export class ChatReplica {
  readonly process: SimulatedProcess;
  readonly source: StreamSource;
  readonly #store: ChatStore;
  readonly #context: RouteContext;

  constructor(name: string, stored: ChatStore, parts: ChatReplicaParts) {
    const { simulation, queue, busIsDown, confirmsLate, loss } = parts;
    this.process = simulation.start(name);
    this.#store = overTheNetwork(stored, this.process, parts);
    const { clock } = this.process;
    const backplane = parts.backplane.connect(this.process);
    const signals = createSignals({ backplane, log: silentLog, metrics, maxPending: 1_000 });
    const outbox = createOutbox({
      store: this.#store,
      publisher: {
        publish: ({ exchange, payload, messageId = '' }) =>
          simulation.call(
            this.process,
            queue.process,
            async () => {
              if (busIsDown()) throw new PlatformError('unavailable', 'the simulated broker is down');
              queue.publish({ exchange, messageId, payload: JSON.parse(JSON.stringify(payload)) });
              if (confirmsLate()) await passed(queue.process.clock, simulation.random.between(...lateConfirmMs));
            },
            { loss: loss() },
          ),
      },
      clock,
      log: silentLog,
      metrics,
      onLeftover: (row) => signals.membership(row),
      graceMs,
      leaseMs,
      sweepRows: 20,
      maxInFlight: 100,
    });
    startSweeper({
      store: this.#store,
      bus: { state: { connected: true } } as unknown as Bus,
      outbox,
      signals,
      clock,
      log: silentLog,
      metrics,
      everyMs: 3_000,
      graceMs,
      maxMemberships: 10,
      random: simulation.random.next,
    });
    this.source = createStreamSource(this.#store);
    this.#context = { store: this.#store, outbox, signals, friends: everyoneIsAFriend, maxMembers: 100 };
  }

  /** Answers as the REST app does, once it knows the user. */
  async rest(user: UserId, method: string, path: string, body?: object): Promise<unknown> {
    const url = new URL(path, 'http://simulated');
    for (const route of routes) {
      const params = route.method === method.toLowerCase() ? match(route.path, url.pathname) : undefined;
      if (!params) continue;
      const request = { params, body, query: Object.fromEntries(url.searchParams) } as unknown as Request;
      return (await route.answer(this.#context, user, request)).body;
    }
    throw new PlatformError('not_found', 'no such route');
  }

  purge(deletedBefore: number): Promise<{ readonly removed: number }> {
    return this.#store.purge({ deletedBefore });
  }
}

function passed({ after }: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => after(ms, resolve));
}
