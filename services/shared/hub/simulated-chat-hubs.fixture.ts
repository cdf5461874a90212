import { ScriptedBackplane } from '#shared/backplane/scripted-backplane.fixture.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { createMemoryPresence, createPresenceTable } from '#shared/presence/memory-presence.ts';
import type { Presence } from '#shared/presence/presence.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { SimulatedSource } from '#shared/stream/simulated-source.fixture.ts';
import { Hub } from './hub.ts';
import { defaultHubLimits, type HubLimits } from './hub-limits.ts';
import { ScriptedConnection } from './scripted-connection.fixture.ts';
import { type Pushed, SimulatedChat } from './simulated-chat.fixture.ts';

const log = createLogger({ name: 'test', level: 'silent' });

export type SimulatedWorkerOfChat = ReturnType<typeof startWorker>;

/** Workers of one platform in front of a simulated chat service, and scripted clients. */
export function simulateChatHubs<C extends Clock>(clock: C, limits: Partial<HubLimits> = {}, count = 2) {
  const chat = new SimulatedChat();
  const backplanes = Array.from({ length: count }, () => new ScriptedBackplane());
  for (const backplane of backplanes) {
    backplane.publish = async (channel, frame) => {
      for (const every of backplanes) every.deliver(channel, frame);
    };
  }
  const table = createPresenceTable();
  const workers = backplanes.map((backplane, index) => {
    const presence = new CountedPresence(createMemoryPresence({ worker: String(index), table, clock }));
    return startWorker({ clock, limits, chat, backplane, presence });
  });
  const [here, there] = [workers[0] as SimulatedWorkerOfChat, workers[count - 1] as SimulatedWorkerOfChat];
  return {
    chat,
    clock,
    /** The first worker, and the last. */
    here,
    there,
    workers,
    /** To every worker that listens. */
    push: (...pushed: Pick<Pushed, 'channels' | 'bytes'>[]) => {
      for (const one of pushed) for (const worker of workers) worker.push(one);
    },
    close: () => Promise.all(workers.map(({ hub }) => hub.close())),
  };
}

function startWorker({
  clock,
  limits,
  chat,
  backplane,
  presence,
}: {
  clock: Clock;
  limits: Partial<HubLimits>;
  chat: SimulatedChat;
  backplane: ScriptedBackplane;
  presence: CountedPresence;
}) {
  const metrics = createMetrics('test');
  const hub = new Hub({
    source: new SimulatedSource(),
    chatSource: chat,
    presence,
    backplane,
    clock,
    log,
    metrics,
    limits: { ...defaultHubLimits, ...limits },
  });
  const join = (connection: ScriptedConnection) => {
    const membership = hub.join(connection, { streams: [], chat: true, closeAtExpiry: false });
    connection.onClose = () => queueMicrotask(() => membership.leave());
    return { connection, membership, ...reading(connection) };
  };
  return {
    hub,
    backplane,
    presence,
    metrics,
    push: ({ channels, bytes }: Pick<Pushed, 'channels' | 'bytes'>) => {
      for (const channel of channels) backplane.deliver(channel, bytes);
    },
    join: (user: string) => join(new ScriptedConnection(user)),
    /** Joins as the sockets do: memberships and places are known before the client is accepted. */
    async accept(user: string | ScriptedConnection) {
      const connection = typeof user === 'string' ? new ScriptedConnection(user) : user;
      await hub.prepare([], connection.principal.user as UserId);
      return join(connection);
    },
    count: async (name: string) => {
      const text = await metrics.registry.getSingleMetricAsString(name);
      return [...text.matchAll(/^\w+(?:\{[^}]*\})? (\d+)$/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
    },
  };
}

/** Counts the users that its calls are about; `down` makes them fail. */
export class CountedPresence implements Presence {
  readonly ttlMs: number;
  down = false;
  /** Users in all calls. */
  users = 0;
  readonly #presence: Presence;

  constructor(presence: Presence) {
    this.#presence = presence;
    this.ttlMs = presence.ttlMs;
  }

  beat(users: readonly UserId[]): Promise<void> {
    return this.#count(users, () => this.#presence.beat(users));
  }

  leave(users: readonly UserId[]): Promise<void> {
    return this.#count(users, () => this.#presence.leave(users));
  }

  online(users: readonly UserId[]): Promise<ReadonlySet<UserId>> {
    return this.#count(users, () => this.#presence.online(users));
  }

  count(here: ReadonlyMap<UserId, number>): Promise<ReadonlyMap<UserId, number>> {
    return this.#count([...here.keys()], () => this.#presence.count(here));
  }

  close(): Promise<void> {
    return this.#presence.close();
  }

  async #count<Answer>(users: readonly UserId[], call: () => Promise<Answer>): Promise<Answer> {
    this.users += users.length;
    if (this.down) throw new PlatformError('unavailable', 'presence is down');
    return call();
  }
}

export type ChatClient = ReturnType<SimulatedWorkerOfChat['join']>;

function reading(connection: ScriptedConnection) {
  const of = (method: string) =>
    connection.received.filter((message) => message.startsWith(`${method} `)).map((it) => it.slice(method.length + 1));
  return {
    /** Numbers of the rows that came as ReceiveMessage, in order. */
    received: () => of('ReceiveMessage').map((body) => Number(/"number":(\d+)/.exec(body)?.[1])),
    /** The arguments of one method, as text. */
    of,
    methods: () => [...new Set(connection.received.map((message) => message.split(' ', 1)[0]))],
  };
}
