import { messageEventConsumers } from '#services/hub/dispatch/message-events.ts';
import type { MessageConsumer } from '#shared/bus/receive-endpoint.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { StreamId, UserId } from '#shared/contract/ids.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import { Hub } from '#shared/hub/hub.ts';
import { defaultHubLimits } from '#shared/hub/hub-limits.ts';
import type { ReceivedMessage } from '#shared/masstransit/received-message.ts';
import type { HostileNetwork } from '#shared/stream/simulator/hostile-backplane.fixture.ts';
import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import type { QueuedEvent } from './event-queue.ts';
import { countingMetrics, silentLog } from './silent.ts';
import { type ClientEnd, SimulatedConnection } from './simulated-connection.ts';

export type HubParts = {
  readonly simulation: Simulation;
  readonly backplane: HostileNetwork;
  /** Some replica that answers now, if any; another one each time. */
  readonly service: () => { readonly process: SimulatedProcess; readonly source: StreamSource } | undefined;
  readonly chatService?: () => { readonly process: SimulatedProcess; readonly source: StreamSource } | undefined;
  /** Of calls to the service. */
  readonly loss: () => number;
  /** How often an answer takes its time. */
  readonly lateness: () => number;
};

const lateMs = [100, 1_500] as const;
/** As of calls over HTTP: one that is not answered by then has failed. */
const timeoutMs = 3_000;

export type Joining = {
  readonly user: UserId;
  readonly client: SimulatedProcess;
  readonly streams: readonly StreamId[];
  readonly chat?: boolean;
  readonly end: ClientEnd;
};

/** So few that a repair takes several pages, between which the stream moves. */
const pageRows = 3;

/** One life of a hub worker, without its sockets. */
export class HubWorker {
  readonly process: SimulatedProcess;
  readonly hub: Hub;
  readonly counted = new Map<string, number>();
  /** When it last heard the head of its streams. */
  headsAt = Number.NEGATIVE_INFINITY;
  readonly #parts: HubParts;
  readonly #consumers: readonly MessageConsumer[];

  constructor(name: string, parts: HubParts) {
    this.#parts = parts;
    this.process = parts.simulation.start(name);
    const backplane = parts.backplane.connect(this.process);
    const metrics = countingMetrics(this.counted);
    this.#consumers = messageEventConsumers({ backplane, log: silentLog, metrics });
    this.hub = new Hub({
      source: this.#remote(parts.service),
      chatSource: parts.chatService && this.#remote(parts.chatService),
      backplane,
      clock: this.process.clock,
      log: silentLog,
      metrics,
      limits: defaultHubLimits,
      random: parts.simulation.random.next,
    });
  }

  /** As the sockets do it. `hasPlace`: it was known where the streams are. */
  async accept({
    user,
    client,
    streams,
    chat,
    end,
  }: Joining): Promise<{ connection: SimulatedConnection; hasPlace: boolean }> {
    const { simulation } = this.#parts;
    const startedAt = simulation.elapsed;
    await this.hub.prepare(streams, chat ? user : undefined);
    const waitedMs = simulation.elapsed - startedAt;
    const failing = chat ? this.hub.chatSourceFailing : this.hub.sourceFailing;
    const hasPlace = !failing && waitedMs < defaultHubLimits.placeWaitMs;
    const connection = new SimulatedConnection(simulation, { user, client, hub: this.process, end });
    connection.membership = this.hub.join(connection, { streams, closeAtExpiry: false, chat: chat ?? false });
    return { connection, hasPlace };
  }

  /** Takes an event of the queue that all workers share. */
  async handle({ exchange, payload }: QueuedEvent): Promise<void> {
    const consumer = this.#consumers.find((each) => each.exchange === exchange);
    await consumer?.handle({ payload } as unknown as ReceivedMessage);
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const overdue = this.process.clock.after(timeoutMs, () =>
        reject(new PlatformError('unavailable', 'no answer in time')),
      );
      answer.then(resolve, reject).finally(() => overdue.cancel());
    });
  }

  #remote(service: HubParts['service']): StreamSource {
    const { simulation, loss, lateness } = this.#parts;
    const ask = async <T>(call: (source: StreamSource) => Promise<T>): Promise<T> => {
      const replica = service();
      if (!replica) throw new PlatformError('unavailable', 'no replica');
      const answer = simulation.call(this.process, replica.process, () => call(replica.source), {
        loss: loss(),
        ...(simulation.random.chance(lateness()) && { delayMs: lateMs }),
      });
      return this.#inTime(answer);
    };
    return {
      heads: async (request) => {
        const answer = await ask((source) => source.heads(request));
        this.headsAt = simulation.elapsed;
        return answer;
      },
      changes: (request) => ask((source) => source.changes({ ...request, limit: pageRows })),
      memberships: (request) => ask((source) => source.memberships(request)),
      membershipsSince: (request) => ask((source) => source.membershipsSince(request)),
      members: (request) => ask((source) => source.members(request)),
    };
  }
}
