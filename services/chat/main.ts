import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createHttpRevocationSource } from '#shared/auth/http-revocation-source.ts';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { rememberVerified } from '#shared/auth/remembered-tokens.ts';
import { RevocationList } from '#shared/auth/revocation-list.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { refuseRevoked } from '#shared/auth/unrevoked-tokens.ts';
import { watchRevocations } from '#shared/auth/watch-revocations.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { watchStoreCertificates } from '#shared/runtime/store-certificates.ts';
import { trustCertificates } from '#shared/runtime/trusted-certificates.ts';
import type { StoreConfig } from '#shared/store/store-config.ts';
import { createChat } from './chat.ts';
import { runCommand } from './command.ts';
import { readChatConfig } from './config.ts';
import { createHttpFriendGraph } from './friends/http-friend-graph.ts';
import { watchChat } from './readiness.ts';
import type { ChatStore } from './store/chat-store.ts';
import { connectMongoChatStore } from './store/mongo-chat-store.ts';
import { openSqliteChatStore } from './store/sqlite-chat-store.ts';

/** Rows wait in the outbox as well as here, and a drain waits for these. */
const publishTimeoutMs = 10_000;

const start = async ({ log }: RunContext) => {
  const config = readChatConfig(process.env);
  await using parts = new AsyncDisposableStack();
  const metrics = createMetrics('chat');
  const readiness = new Readiness();
  const ops = await startOpsServer({ port: config.opsPort, metrics, readiness, log });
  parts.defer(() => ops.close());
  parts.use(trustCertificates({ folder: config.trustedCaDir, clock, log, metrics }));
  const mongoUrl = config.store.kind === 'mongo' ? config.store.url : undefined;
  const storeUrls = [config.amqpUrl, config.redisUrl, mongoUrl];
  parts.use(watchStoreCertificates({ urls: storeUrls, clock, log, metrics }));

  const store = openStore(config.store, log);
  parts.defer(() => store.close());
  const backplane = connectRedisBackplane({ url: config.redisUrl, log });
  parts.defer(() => backplane.close());
  const bus = connectAmqpBus({ url: config.amqpUrl, log, publishTimeoutMs });
  parts.defer(() => bus.close());

  const internalTokens = createInternalTokens(config.internalSecret, clock);
  const revoked = new RevocationList({
    source: createHttpRevocationSource({ url: config.notificationUrl, tokens: internalTokens }),
    readEveryMs: config.revocationsEveryMs,
    ...{ backplane, clock, log, metrics },
  });
  parts.defer(() => revoked.close());
  const { friendsUrl, ...limits } = config.rules;
  const chat = createChat({
    store,
    bus,
    backplane,
    verifier: refuseRevoked(rememberVerified(createTokenVerifier(config.tokens, { clock, log }), { clock }), revoked),
    internalTokens,
    origins: createOriginPolicy({ origins: config.origins, allowAbsent: true }),
    ...(friendsUrl ? { friends: createHttpFriendGraph({ url: friendsUrl, tokens: internalTokens }) } : {}),
    clock,
    log,
    metrics,
    limits,
  });
  parts.defer(() => chat.close());

  const listener = await listen(createServer(chat.app), { host: config.host, port: config.port });
  parts.defer(() => listener.close());
  parts.use(watchChat(readiness, { store, bus, backplane, clock }));
  watchRevocations(readiness, revoked);
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ port: listener.port, opsPort: ops.port }, 'chat started');
  return parts.move();
};

function openStore(config: StoreConfig, log: Logger): ChatStore {
  if (config.kind === 'mongo') return connectMongoChatStore({ ...config, clock, log });
  mkdirSync(config.dataDir, { recursive: true });
  return openSqliteChatStore({ file: config.file, clock, log });
}

const [command] = process.argv.slice(2);
if (command === undefined) run('chat', start, { env: process.env });
else await runCommand(command, process.env, openStore);
