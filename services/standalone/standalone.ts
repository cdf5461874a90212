import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { createChat } from '#services/chat/chat.ts';
import { createHttpFriendGraph } from '#services/chat/friends/http-friend-graph.ts';
import type { ChatStore } from '#services/chat/store/chat-store.ts';
import { connectMongoChatStore } from '#services/chat/store/mongo-chat-store.ts';
import { openSqliteChatStore } from '#services/chat/store/sqlite-chat-store.ts';
import { buildPage } from '#services/console/build.ts';
import { servePage } from '#services/console/serve.ts';
import { messageEventConsumers } from '#services/hub/dispatch/message-events.ts';
import { createHubSockets, type HubSockets } from '#services/hub/hub.ts';
import { createNotification } from '#services/notification/notification.ts';
import { connectMongoNotificationStore } from '#services/notification/store/mongo-notification-store.ts';
import { connectMongoRevocationStore } from '#services/notification/store/mongo-revocation-store.ts';
import type { NotificationStore } from '#services/notification/store/notification-store.ts';
import type { RevocationStore } from '#services/notification/store/revocation-store.ts';
import { openSqliteNotificationStore } from '#services/notification/store/sqlite-notification-store.ts';
import { openSqliteRevocationStore } from '#services/notification/store/sqlite-revocation-store.ts';
import { asyncApiDocument } from '#shared/api-docs/asyncapi.ts';
import { createApiDocs } from '#shared/api-docs/serve-api-docs.ts';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { rememberVerified } from '#shared/auth/remembered-tokens.ts';
import { RevocationList } from '#shared/auth/revocation-list.ts';
import { createTokenVerifier, type TokenConfig } from '#shared/auth/token-verifier.ts';
import { refuseRevoked } from '#shared/auth/unrevoked-tokens.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import { createMemoryBackplane } from '#shared/backplane/memory-backplane.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { createMemoryBus } from '#shared/bus/memory-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { createApp, finishApp } from '#shared/http/app.ts';
import { createMemoryPresence } from '#shared/presence/memory-presence.ts';
import type { Presence } from '#shared/presence/presence.ts';
import { connectRedisPresence } from '#shared/presence/redis-presence.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { type Listener, listen } from '#shared/runtime/listen.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { createMetrics, type Metrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { platformDocument } from './api-document.ts';
import { chatStoreFile, revocationStoreFile, type StandaloneConfig, storeFile } from './config.ts';
import { dataKey } from './data-keys.ts';
import { demoRoutes } from './demo.ts';
import { hubQueue } from './hub-queue.ts';
import { lockDataFolder } from './sqlite-data-lock.ts';

export type Standalone = AsyncDisposable & { readonly url: string; readonly demo: boolean };

/**
 * The whole platform in one process: page, REST, hubs and socket.io on one listener. Starts without its real servers and
 * keeps trying; ends by draining: sockets are told to reconnect, what was consumed is finished.
 */
export async function startStandalone(config: StandaloneConfig, clock: Clock, log: Logger): Promise<Standalone> {
  await using parts = new AsyncDisposableStack();
  parts.use(lockDataFolder(config.dataDir));
  const metrics = createMetrics('standalone');

  const store = parts.adopt(openStore(config, clock, log), (it) => it.close());
  const chatStore = parts.adopt(openChatStore(config, clock, log), (it) => it.close());
  const bus = parts.adopt(openBus(config, log), (it) => it.close());
  const backplane = parts.adopt(openBackplane(config, log), (it) => it.close());

  const tokens = config.tokens ?? ownTokens(config);
  const revocationStore = parts.adopt(openRevocationStore(config, clock, log), (it) => it.close());
  const readEveryMs = config.revocationsEveryMs;
  const heard = { source: revocationStore, backplane, clock, log, metrics, readEveryMs };
  const revoked = parts.adopt(new RevocationList(heard), (it) => it.close());
  const verifier = refuseRevoked(rememberVerified(createTokenVerifier(tokens, { clock, log }), { clock }), revoked);
  const page = await buildPage();
  const server = createServer();
  const listener = await listen(server, { host: config.host, port: config.port });
  parts.defer(() => listener.close());
  const url = `http://${config.host}:${listener.port}`;
  const origins = createOriginPolicy({ origins: [...config.origins, ...ownOrigins(listener.port)], allowAbsent: true });

  const internalTokens = createInternalTokens(dataKey(config.dataDir, 'internal'), clock);
  const common = { backplane, verifier, internalTokens, origins, clock, log, metrics };
  const notification = createNotification({ ...common, store, revocationStore });
  parts.defer(() => notification.close());
  const { friendsUrl, ...limits } = config.chat;
  const friends = friendsUrl ? { friends: createHttpFriendGraph({ url: friendsUrl, tokens: internalTokens }) } : {};
  const chat = createChat({ ...common, ...friends, store: chatStore, bus, limits });
  parts.defer(() => chat.close());

  const endpoint = startReceiveEndpoint({ bus, queue: config.queue, consumers: [notification.consumer], log, metrics });
  parts.defer(() => endpoint.stop());

  const consumers = messageEventConsumers({ backplane, log, metrics });
  const dispatch = startReceiveEndpoint({ bus, ...hubQueue(config), consumers, log, metrics });
  parts.defer(() => dispatch.stop());

  const presence = parts.adopt(openPresence(config, log), (it) => it.close());
  const hub = createHubSockets({
    source: notification.source,
    chatSource: chat.source,
    presence,
    backplane,
    verifier,
    revoked,
    origins,
    idKeys: { current: '1', keys: new Map([['1', Buffer.from(dataKey(config.dataDir, 'hub-ids'), 'base64')]]) },
    worker: { id: `${hostname()}:${process.pid}`, address: undefined },
    limits: { maxConnections: config.maxConnections },
    clock,
    log,
    metrics,
  });
  parts.defer(() => hub.close());
  const readiness = watchParts(config, { bus, backplane, hub });

  const app = createApp({ log, origins });
  if (config.demo) {
    const publisher = createEventPublisher({ bus });
    const secret = dataKey(config.dataDir, 'jwt-hs256');
    app.use(demoRoutes({ secret, issuer: config.issuer, audience: config.audience, verifier, publisher, clock }));
  }
  app.use(servePage(page));
  const docs = createApiDocs(platformDocument(), asyncApiDocument());
  app.use((request, response, next) => {
    if (!docs(request, response)) next();
  });
  finishApp(app, log);

  // `/internal` of the services is for hubs in other processes: it is not reachable here.
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (hub.handleRequest(request, response)) return;
    if (/^\/api\/chat(?![\w-])/.test(request.url ?? '')) chat.app(request, response);
    else if (request.url?.startsWith('/api/')) notification.app(request, response);
    else app(request, response);
  });
  hub.attach(server);

  const ops = await startOps(config, { metrics, readiness, log });
  parts.defer(() => ops.close());
  parts.defer(() => hub.drain());
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ url, opsPort: ops.port, demo: config.demo }, 'standalone started');

  const running = parts.move();
  return { url, demo: config.demo, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function openStore(config: StandaloneConfig, clock: Clock, log: Logger): NotificationStore {
  if (config.mongo) return connectMongoNotificationStore({ ...config.mongo, clock, log });
  return openSqliteNotificationStore({ file: storeFile(config.dataDir), clock, log });
}

function openRevocationStore(config: StandaloneConfig, clock: Clock, log: Logger): RevocationStore {
  if (config.mongo) return connectMongoRevocationStore({ ...config.mongo, clock, log });
  return openSqliteRevocationStore({ file: revocationStoreFile(config.dataDir), clock });
}

function openChatStore(config: StandaloneConfig, clock: Clock, log: Logger): ChatStore {
  if (config.mongo) {
    return connectMongoChatStore({ url: config.mongo.url, database: config.mongo.chatDatabase, clock, log });
  }
  return openSqliteChatStore({ file: chatStoreFile(config.dataDir), clock, log });
}

function openBus(config: StandaloneConfig, log: Logger): Bus {
  return config.amqpUrl ? connectAmqpBus({ url: config.amqpUrl, log }) : createMemoryBus();
}

function openBackplane(config: StandaloneConfig, log: Logger): Backplane {
  return config.redisUrl ? connectRedisBackplane({ url: config.redisUrl, log }) : createMemoryBackplane();
}

function openPresence(config: StandaloneConfig, log: Logger): Presence {
  const worker = randomUUID();
  return config.redisUrl
    ? connectRedisPresence({ url: config.redisUrl, worker, log })
    : createMemoryPresence({ worker });
}

function ownTokens({ dataDir, issuer, audience }: StandaloneConfig): TokenConfig {
  return { issuer, audience, clockSkewSeconds: 0, keys: { kind: 'hs256', secret: dataKey(dataDir, 'jwt-hs256') } };
}

function ownOrigins(port: number): string[] {
  return [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
}

/** Nothing is required: sockets, REST and the page serve what they can while a server is away, and say so here. */
function watchParts(
  config: StandaloneConfig,
  { bus, backplane, hub }: { bus: Bus; backplane: Backplane; hub: HubSockets },
): Readiness {
  const readiness = new Readiness();
  const watch = (part: string, real: boolean, isReady: () => boolean) =>
    readiness.watch(part, () => {
      const ready = isReady();
      return { ready, required: false, detail: !real ? 'embedded' : ready ? 'connected' : 'waiting for the server' };
    });
  watch('bus', config.amqpUrl !== undefined, () => bus.state.connected);
  watch('backplane', config.redisUrl !== undefined, () => backplane.state === 'up');
  watch('store', config.mongo !== undefined, () => !hub.sourceFailing && !hub.chatSourceFailing);
  return readiness;
}

const defaultOpsPort = 9100;

async function startOps(
  { host, opsPort }: StandaloneConfig,
  rest: { metrics: Metrics; readiness: Readiness; log: Logger },
): Promise<Listener> {
  if (opsPort !== undefined) return startOpsServer({ host, port: opsPort, ...rest });
  try {
    return await startOpsServer({ host, port: defaultOpsPort, ...rest });
  } catch {
    rest.log.info({ port: defaultOpsPort }, 'the operations port is taken by another process: using a free one');
    return startOpsServer({ host, port: 0, ...rest });
  }
}
