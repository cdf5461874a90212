import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createDocumentCheck } from '#shared/api-docs/documented.fixture.ts';
import { openApiDocument } from '#shared/api-docs/openapi.ts';
import { createInternalTokens, type InternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { RevocationList } from '#shared/auth/revocation-list.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { refuseRevoked } from '#shared/auth/unrevoked-tokens.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import { createMemoryBackplane } from '#shared/backplane/memory-backplane.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { notificationStream } from '#shared/contract/ids.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { decodePushFrame } from '#shared/contract/push-frame.ts';
import { toUserInteractionPayload, type UserInteractionEvent } from '#shared/contract/user-interaction-event.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics, type Metrics } from '#shared/runtime/metrics.ts';
import { routes } from './http/routes.ts';
import { createNotification, type Notification, type NotificationLimits } from './notification.ts';
import type { NotificationStore } from './store/notification-store.ts';
import type { RevocationStore } from './store/revocation-store.ts';
import { openSqliteNotificationStore } from './store/sqlite-notification-store.ts';
import { openSqliteRevocationStore } from './store/sqlite-revocation-store.ts';

const check = createDocumentCheck(openApiDocument(routes));

export const secret = 'notification-test-secret-of-32-bytes';
const issuer = 'Sonixy.IdentityService';
const audience = 'Sonixy.Client';
const tokens = { issuer, audience, clockSkewSeconds: 0, keys: { kind: 'hs256', secret } } as const;

/** A body as a client reads it; what is in it, the test says. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of every route
export type Json = any;

export type Answer = { readonly status: number; readonly body: Json; readonly text: string; readonly headers: Headers };

/** The service on a real listener, with SQLite in memory and the memory backplane. */
export interface TestNotification extends AsyncDisposable {
  readonly service: Notification;
  readonly store: NotificationStore;
  readonly revocationStore: RevocationStore;
  readonly backplane: Backplane;
  readonly metrics: Metrics;
  readonly internalTokens: InternalTokens;
  readonly url: string;
  /** All lines that were logged. */
  readonly logged: () => string;
  /** A call with a token of `user`. */
  as(user: UserId, method: string, path: string): Promise<Answer>;
  /** Fails where a request or an answer is not as the document says. */
  call(method: string, path: string, init?: RequestInit): Promise<Answer>;
  internal(path: string, body: unknown, token?: string): Promise<Answer>;
  /** The same with any method and no body. */
  internalCall(method: string, path: string, token?: string): Promise<Answer>;
  /** Frames that reach the user's channel from now on, decoded, with their body parsed. */
  framesOf(user: UserId): Promise<Json[]>;
}

export type TestNotificationOptions = {
  readonly store?: NotificationStore;
  readonly backplane?: Backplane;
  readonly limits?: NotificationLimits;
  readonly clock?: Clock;
};

export async function startTestNotification(options: TestNotificationOptions = {}): Promise<TestNotification> {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'trace', destination });
  const { clock = systemClock } = options;
  const store = options.store ?? openSqliteNotificationStore({ file: ':memory:', clock, log });
  const backplane = options.backplane ?? createMemoryBackplane();
  const metrics = createMetrics('test');
  const revocationStore = openSqliteRevocationStore({ file: ':memory:', clock });
  const revoked = new RevocationList({ source: revocationStore, backplane, clock, log, metrics });
  const internalTokens = createInternalTokens(secret, clock);
  const service = createNotification({
    store,
    revocationStore,
    backplane,
    verifier: refuseRevoked(createTokenVerifier(tokens, { clock, log }), revoked),
    internalTokens,
    origins: createOriginPolicy({ origins: ['https://good.example'], allowAbsent: true }),
    clock,
    log,
    metrics,
    ...(options.limits ? { limits: options.limits } : {}),
  });
  const listener = await listen(createServer(service.app), { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${listener.port}`;

  async function call(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(url + path, { method, ...init });
    const text = await response.text();
    const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined;
    const { status, headers } = response;
    if (path.startsWith('/api/')) check({ method, path, status, headers, body });
    return { status, body, text, headers };
  }

  return {
    service,
    store,
    revocationStore,
    backplane,
    metrics,
    internalTokens,
    url,
    logged: () => lines.join(''),
    call,
    as: async (user, method, path) =>
      call(method, path, { headers: { authorization: `Bearer ${await tokenOf(user)}` } }),
    internal: async (path, body, token) =>
      call('POST', path, {
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token ?? (await internalTokens.issue())}`,
        },
        body: JSON.stringify(body),
      }),
    internalCall: async (method, path, token) =>
      call(method, path, { headers: { authorization: `Bearer ${token ?? (await internalTokens.issue())}` } }),
    async framesOf(user) {
      const frames: Json[] = [];
      await backplane.subscribe(streamChannel(notificationStream(user)), (bytes) => {
        const frame = decodePushFrame(bytes);
        if (frame) frames.push({ ...frame, body: JSON.parse(Buffer.from(frame.body).toString()) });
      });
      return frames;
    },
    async [Symbol.asyncDispose]() {
      await listener.close();
      await service.close();
      await revoked.close();
      await backplane.close();
      await revocationStore.close();
      await store.close();
    },
  };
}

export function tokenOf(user: string): Promise<string> {
  return issueToken({ secret, issuer, audience, user, lifetimeSeconds: 60 });
}

/** What a receive endpoint hands over for a like of bob's. */
export function like(to: UserId, change: Partial<UserInteractionEvent> = {}): { messageId: string; payload: object } {
  const event: UserInteractionEvent = {
    userId: 'bob' as UserId,
    targetId: 'post-1',
    targetType: 'Post',
    actionType: 'Like',
    actorName: 'Bob',
    actorAvatar: null,
    targetUserId: to,
    ...change,
  };
  return { messageId: randomUUID(), payload: toUserInteractionPayload(event, new Date()) };
}
