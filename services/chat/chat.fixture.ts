import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createDocumentCheck } from '#shared/api-docs/documented.fixture.ts';
import { openApiDocument } from '#shared/api-docs/openapi.ts';
import { createInternalTokens, type InternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import { createMemoryBackplane } from '#shared/backplane/memory-backplane.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { createMemoryBus } from '#shared/bus/memory-bus.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { MessageEvent } from '#shared/contract/message-event.ts';
import { exchanges, userChannel } from '#shared/contract/names.ts';
import { decodeSignalFrame, type SignalFrame } from '#shared/contract/signal-frame.ts';
import { receiveTopology } from '#shared/masstransit/topology.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics, type Metrics } from '#shared/runtime/metrics.ts';
import { eventually } from '#test/eventually.ts';
import { type Chat, type ChatLimits, createChat } from './chat.ts';
import type { FriendGraph } from './friends/friend-graph.ts';
import { routes } from './http/routes.ts';
import type { ChatStore } from './store/chat-store.ts';
import { openSqliteChatStore } from './store/sqlite-chat-store.ts';

const check = createDocumentCheck(openApiDocument(routes));

export const secret = 'chat-test-secret-of-at-least-32-bytes';
const issuer = 'Sonixy.IdentityService';
const audience = 'Sonixy.Client';

/** A body as a client reads it; what is in it, the test says. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of every route
export type Json = any;

export type Answer = { readonly status: number; readonly body: Json; readonly text: string; readonly headers: Headers };

export type SeenEvent = { readonly name: string; readonly messageId: string; readonly event: MessageEvent };

/** Calls of one user. */
export type Person = {
  readonly id: UserId;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
};

/** The service on a real listener, with SQLite in memory, the memory bus and the memory backplane. */
export interface TestChat extends AsyncDisposable {
  readonly service: Chat;
  readonly store: ChatStore;
  readonly backplane: Backplane;
  readonly metrics: Metrics;
  readonly internalTokens: InternalTokens;
  readonly url: string;
  /** All events that reached the bus, in their order. */
  readonly events: readonly SeenEvent[];
  /** All lines that were logged. */
  readonly logged: () => string;
  as(user: UserId): Person;
  /** Somebody nobody knows yet. */
  person(name?: string): Person;
  /** Fails where a request or an answer is not as the document says. */
  call(method: string, path: string, init?: RequestInit): Promise<Answer>;
  internal(path: string, body: unknown, token?: string): Promise<Answer>;
  /** Signals that reach the user's channel from now on. */
  signalsOf(user: UserId): Promise<SignalFrame[]>;
  /** Resolves when nothing is pending any more. */
  settled(): Promise<void>;
}

export type TestChatOptions = {
  readonly store?: ChatStore;
  readonly bus?: Bus;
  readonly backplane?: Backplane;
  readonly friends?: FriendGraph;
  readonly clock?: Clock;
  readonly limits?: ChatLimits;
};

export async function startTestChat(options: TestChatOptions = {}): Promise<TestChat> {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'trace', destination });
  const { clock = systemClock } = options;
  const store = options.store ?? openSqliteChatStore({ file: ':memory:', clock, log });
  const bus = options.bus ?? createMemoryBus();
  const backplane = options.backplane ?? createMemoryBackplane();
  const metrics = createMetrics('test');
  const internalTokens = createInternalTokens(secret, systemClock);
  const service = createChat({
    store,
    bus,
    backplane,
    verifier: createTokenVerifier(
      { issuer, audience, clockSkewSeconds: 0, keys: { kind: 'hs256', secret } },
      { clock: systemClock, log },
    ),
    internalTokens,
    origins: createOriginPolicy({ origins: ['https://good.example'], allowAbsent: true }),
    ...(options.friends ? { friends: options.friends } : {}),
    clock,
    log,
    metrics,
    ...(options.limits ? { limits: options.limits } : {}),
  });
  const listener = await listen(createServer(service.app), { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${listener.port}`;
  const events = await collectEvents(bus);

  async function call(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(url + path, { method, ...init });
    const text = await response.text();
    const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined;
    const { status, headers } = response;
    const sent = status < 300 && typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    if (path.startsWith('/api/') && !(init.body instanceof ReadableStream))
      check({ method, path, sent, status, headers, body });
    return { status, body, text, headers };
  }

  function as(id: UserId): Person {
    const of = async (method: string, path: string, body?: unknown) =>
      call(method, path, {
        headers: {
          authorization: `Bearer ${await tokenOf(id)}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    return {
      id,
      call: of,
      get: (path) => of('GET', path),
      post: (path, body) => of('POST', path, body),
      put: (path, body) => of('PUT', path, body),
      delete: (path) => of('DELETE', path),
    };
  }

  return {
    service,
    store,
    backplane,
    metrics,
    internalTokens,
    url,
    events,
    logged: () => lines.join(''),
    as,
    person: (name) => as(newUser(name)),
    call,
    internal: async (path, body, token) =>
      call('POST', path, {
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token ?? (await internalTokens.issue())}`,
        },
        body: JSON.stringify(body),
      }),
    async signalsOf(user) {
      const signals: SignalFrame[] = [];
      await backplane.subscribe(userChannel(user), (bytes) => {
        const signal = decodeSignalFrame(bytes);
        if (signal) signals.push(signal);
      });
      return signals;
    },
    settled: () => eventually(async () => pendingIn(store)),
    async [Symbol.asyncDispose]() {
      await listener.close();
      await service.close();
      await bus.close();
      await backplane.close();
      await store.close();
    },
  };
}

/** Events that reach a queue of its own from now on. */
export async function collectEvents(bus: Bus): Promise<SeenEvent[]> {
  const events: SeenEvent[] = [];
  const queue = `test-${randomUUID()}`;
  const consumer = bus.consume({
    queue,
    topology: receiveTopology({ queue, exchanges: [exchanges.messageSent, exchanges.messageChanged] }),
    onDelivery(delivery) {
      const { messageId, messageType, message } = JSON.parse(delivery.body.toString());
      events.push({ name: messageType[0].split(':').at(-1), messageId, event: message });
      delivery.ack();
    },
  });
  await eventually(() => (consumer.state.status === 'consuming' ? undefined : consumer.state.detail));
  return events;
}

async function pendingIn(store: ChatStore): Promise<string | undefined> {
  const pendingSince = (await store.now()) + 86_400_000;
  // A lease of no length takes nothing from anybody.
  const rows = await store.leasePending({ pendingSince, leaseMs: 0, limit: 1_000 });
  return rows.length === 0 ? undefined : `${rows.length} rows are pending`;
}

export function tokenOf(user: string): Promise<string> {
  return issueToken({ secret, issuer, audience, user, lifetimeSeconds: 3_600 });
}

export function newUser(name = 'user'): UserId {
  return `${name}-${randomUUID()}` as UserId;
}

/** A store whose methods can be replaced one by one. */
export function overridable(store: ChatStore): ChatStore {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(store)) as (keyof ChatStore)[];
  const methods = names.map((name) => [
    name,
    (...args: never[]) => (store[name] as (...all: never[]) => unknown)(...args),
  ]);
  return Object.fromEntries(methods) as ChatStore;
}
