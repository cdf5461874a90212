import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { RevocationList } from '#shared/auth/revocation-list.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { refuseRevoked } from '#shared/auth/unrevoked-tokens.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import { createMemoryBackplane } from '#shared/backplane/memory-backplane.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { encodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { type Pushed, SimulatedChat } from '#shared/hub/simulated-chat.fixture.ts';
import { createMemoryPresence, createPresenceTable, type PresenceTable } from '#shared/presence/memory-presence.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics, type Metrics } from '#shared/runtime/metrics.ts';
import { SimulatedStream } from '#shared/stream/position-simulator.fixture.ts';
import { SimulatedSource } from '#shared/stream/simulated-source.fixture.ts';
import { createHubSockets, type HubSockets, type HubSocketsOptions } from './hub.ts';
import { SimulatedRevocations } from './simulated-revocations.fixture.ts';

export const listedOrigin = 'https://sonixy.example';

/** What workers of one platform share. */
export type SharedParts = {
  readonly secret: string;
  readonly idKey: Uint8Array;
  readonly source: SimulatedSource;
  /** Alice's. */
  readonly stream: SimulatedStream;
  readonly backplane: Backplane;
  /** The other service; undefined: a platform without chat. */
  readonly chat: SimulatedChat | undefined;
  readonly presence: PresenceTable;
  readonly revocations: SimulatedRevocations;
};

export type SimulatedWorker = AsyncDisposable & {
  readonly shared: SharedParts;
  readonly url: string;
  readonly hub: HubSockets;
  readonly metrics: Metrics;
  readonly source: SimulatedSource;
  /** Alice's. */
  readonly stream: SimulatedStream;
  /** @throws on a worker without chat */
  readonly chat: SimulatedChat;
  /** What the chat service publishes. */
  push(...pushed: readonly Pick<Pushed, 'channels' | 'bytes'>[]): Promise<void>;
  /** All that was logged, every level. */
  readonly logged: () => string;
  publish(frame: PushFrame): Promise<void>;
  /** Runs before the worker's own end, the latest first. */
  later(end: () => unknown): void;
  token(user?: string, lifetimeSeconds?: number): Promise<string>;
};

/** A hub worker on a real listener, in front of a simulated service. */
export async function startWorker(
  options: Partial<Pick<HubSocketsOptions, 'limits' | 'addresses' | 'closeAtExpiry'>> & {
    readonly allowAbsent?: boolean;
    readonly withoutChat?: boolean;
    /** Others cannot reach it, and it passes nothing on to them. */
    readonly withoutAddress?: boolean;
    readonly shared?: SharedParts;
    readonly clock?: Clock;
  } = {},
): Promise<SimulatedWorker> {
  const lines: string[] = [];
  const log = createLogger({ name: 'hub', level: 'trace', destination: { write: (line) => void lines.push(line) } });
  const shared = options.shared ?? newSharedParts(options.withoutChat ?? false);
  const { secret, source, stream, backplane } = shared;
  const clock = options.clock ?? systemClock;
  const [issuer, audience] = ['issuer', 'audience'];
  const tokens = { issuer, audience, clockSkewSeconds: 0, keys: { kind: 'hs256', secret } } as const;
  const metrics = createMetrics('hub');
  const server = createServer();
  const listener = await listen(server, { host: '127.0.0.1', port: 0, closeGraceMs: 100 });
  const url = `http://127.0.0.1:${listener.port}`;
  const revoked = new RevocationList({ source: shared.revocations, backplane, clock, log, metrics });
  const hub = createHubSockets({
    source,
    chatSource: shared.chat,
    presence: createMemoryPresence({ worker: url, table: shared.presence, clock }),
    backplane,
    verifier: refuseRevoked(createTokenVerifier(tokens, { clock, log }), revoked),
    revoked,
    origins: createOriginPolicy({ origins: [listedOrigin], allowAbsent: options.allowAbsent ?? true }),
    idKeys: { current: '1', keys: new Map([['1', shared.idKey]]) },
    worker: { id: randomUUID(), address: options.withoutAddress ? undefined : url },
    ...(options.limits ? { limits: options.limits } : {}),
    addresses: options.addresses,
    ...(options.closeAtExpiry ? { closeAtExpiry: options.closeAtExpiry } : {}),
    clock,
    log,
    metrics,
  });
  hub.attach(server);
  const ends: (() => unknown)[] = [];
  return {
    shared,
    url,
    hub,
    metrics,
    source,
    stream,
    get chat() {
      if (!shared.chat) throw new Error('this worker has no chat');
      return shared.chat;
    },
    async push(...pushed) {
      for (const { channels, bytes } of pushed) await backplane.publishMany(channels, bytes);
    },
    logged: () => lines.join(''),
    publish: (frame) => backplane.publish(streamChannel(frame.stream), encodePushFrame(frame)),
    token: (user = 'alice', lifetimeSeconds = 3_600) =>
      issueToken({ secret, issuer, audience, user, lifetimeSeconds, nowMs: clock.now() }),
    later: (end) => void ends.unshift(end),
    async [Symbol.asyncDispose]() {
      for (const end of ends.splice(0)) await end();
      await hub.close();
      await revoked.close();
      await listener.close();
    },
  };
}

function newSharedParts(withoutChat: boolean): SharedParts {
  const source = new SimulatedSource();
  const backplane = createMemoryBackplane();
  return {
    secret: randomBytes(32).toString('base64'),
    idKey: randomBytes(32),
    source,
    stream: source.add(new SimulatedStream()),
    backplane,
    chat: withoutChat ? undefined : new SimulatedChat(),
    presence: createPresenceTable(),
    revocations: new SimulatedRevocations(backplane),
  };
}
