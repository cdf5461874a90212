import { randomBytes } from 'node:crypto';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';
import { ownFolder } from '../bench-service.ts';
import { cpuSecondsOf } from '../frozen-consumer.ts';

export type ChatServers = {
  readonly amqpUrl: string;
  readonly redisUrl: string;
  /** undefined: SQLite. */
  readonly mongoUrl: string | undefined;
};

/** A whole chat: one gateway, REST processes behind it, socket workers beside it. */
export type ChatSystem = AsyncDisposable & {
  readonly name: 'ours' | 'peer';
  readonly gatewayUrl: string;
  /** REST past the gateway. */
  readonly restUrls: readonly string[];
  readonly socketUrls: readonly string[];
  readonly secret: string;
  /** User and system time of its processes so far, by name. */
  cpuSeconds(): Readonly<Record<string, number>>;
  /** What a failure is told with. */
  output(): string;
};

export type SystemOptions = {
  /** @default 1 */
  readonly chats?: number;
  /** One that has a neighbour, or nobody would need an adapter between them. @default 2 */
  readonly sockets?: number;
  /** To be written by each process when it ends. @default no profile */
  readonly cpuProfiles?: string | undefined;
};

type Start = (main: string, env?: Record<string, string>) => Promise<string>;

/** Of nobody in a bench it is asked to go slow. */
const gatewayLimits = {
  GATEWAY_WRITES_PER_MINUTE: '1000000',
  GATEWAY_READS_PER_MINUTE: '1000000',
  GATEWAY_CONNECTS_PER_MINUTE: '1000000',
  GATEWAY_ANONYMOUS_CONNECTS_PER_MINUTE: '1000000',
};

export function startOurs(
  servers: ChatServers,
  { chats = 1, sockets = 2, cpuProfiles }: SystemOptions = {},
): Promise<ChatSystem> {
  return startSystem('ours', servers, cpuProfiles, async (start, notificationUrl) => {
    const restUrls = await times(chats, () => start('services/chat/main.ts', { NOTIFICATION_URL: notificationUrl }));
    const env = {
      HUB_ID_KEYS: `1:${randomBytes(32).toString('base64')}`,
      NOTIFICATION_URL: notificationUrl,
      CHAT_URL: restUrls[0] ?? '',
      HUB_CONNECTS_PER_SECOND: '100000',
    };
    return { restUrls, socketUrls: await times(sockets, () => start('services/hub/main.ts', env)) };
  });
}

export function startPeer(
  servers: ChatServers,
  { chats = 1, sockets = 2, cpuProfiles }: SystemOptions = {},
): Promise<ChatSystem> {
  return startSystem('peer', servers, cpuProfiles, async (start) => ({
    restUrls: await times(chats, () => start('test/bench/chat/peer/app.ts')),
    socketUrls: await times(sockets, () => start('test/bench/chat/peer/socket-worker.ts')),
  }));
}

async function startSystem(
  name: ChatSystem['name'],
  { amqpUrl, redisUrl, mongoUrl }: ChatServers,
  cpuProfiles: string | undefined,
  startParts: (start: Start, notificationUrl: string) => Promise<{ restUrls: string[]; socketUrls: string[] }>,
): Promise<ChatSystem> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(ownFolder());
  const secret = randomBytes(32).toString('base64');
  const services: { name: string; service: Service }[] = [];
  const shared = {
    AMQP_URL: amqpUrl,
    REDIS_URL: redisUrl,
    ...(mongoUrl === undefined ? { DATA_DIR: folder.path } : { MONGODB_URL: mongoUrl }),
    JWT_HS256_SECRET: secret,
    INTERNAL_SECRET: randomBytes(32).toString('base64'),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    ...(cpuProfiles === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${cpuProfiles}` }),
  };
  const start: Start = async (main, env = {}) => {
    const [port, opsPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const isOurs = main.startsWith('services/');
    const readyUrl = isOurs ? `http://127.0.0.1:${opsPort}/readyz` : `${url}/readyz`;
    const service = parts.use(
      await startService({
        main,
        env: { ...shared, ...env, PORT: String(port), OPS_PORT: String(opsPort) },
        readyUrl,
        readyTimeoutMs: 60_000,
      }),
    );
    services.push({ name: processName(main), service });
    if (isOurs) await waitsForNothing(readyUrl);
    return url;
  };
  // Gateway, chat and hub ask it who is revoked; of notifications nobody hears here.
  const notificationUrl = await start('services/notification/main.ts', { NOTIFICATION_QUEUE: `bench-${name}` });
  const { restUrls, socketUrls } = await startParts(start, notificationUrl);
  const [restUrl = '', socketUrl = ''] = [restUrls[0], socketUrls[0]];
  const gatewayUrl = await start('services/gateway/main.ts', {
    ...gatewayLimits,
    CHAT_URL: restUrl,
    NOTIFICATION_URL: notificationUrl,
    HUB_URL: socketUrl,
  });
  const running = parts.move();
  return {
    name,
    gatewayUrl,
    restUrls,
    socketUrls,
    secret,
    cpuSeconds: () => {
      const seconds: Record<string, number> = {};
      for (const { name, service } of services) seconds[name] = (seconds[name] ?? 0) + cpuSecondsOf(service.pid);
      return seconds;
    },
    output: () => services.map(({ service }) => service.output()).join('\n'),
    async [Symbol.asyncDispose]() {
      // A profile is written at an end in order.
      if (cpuProfiles !== undefined) await Promise.allSettled(services.map(({ service }) => service.stop()));
      await running.disposeAsync();
    },
  };
}

/** `services/chat/main.ts` is `chat`, `test/bench/chat/peer/app.ts` is `app`. */
function processName(main: string): string {
  const [folder = '', file = ''] = main.split('/').slice(-2);
  return file === 'main.ts' ? folder : file.replace(/\.ts$/, '');
}

async function waitsForNothing(readyUrl: string): Promise<void> {
  await eventually(
    async () => {
      const report = (await (await fetch(readyUrl)).json()) as { parts: Record<string, { ready: boolean }> };
      const waiting = Object.entries(report.parts).filter(([, { ready }]) => !ready);
      return waiting.length === 0 ? undefined : `it waits for ${waiting.map(([part]) => part)}`;
    },
    { timeoutMs: 60_000, everyMs: 50 },
  );
}

async function times<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let index = 0; index < count; index += 1) made.push(await make());
  return made;
}
