import { randomBytes } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { createTrustedProxies } from '#shared/http/client-address.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics, type Metrics } from '#shared/runtime/metrics.ts';
import { eventually } from '#test/eventually.ts';
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
import { createMemoryLimiter } from './limits/memory-limiter.ts';

export const secret = randomBytes(32).toString('base64');
export const listedOrigin = 'https://sonixy.example';
const [issuer, audience] = ['Sonixy.IdentityService', 'Sonixy.Client'];

export type TestGateway = AsyncDisposable & {
  readonly gateway: Gateway;
  readonly metrics: Metrics;
  readonly url: string;
  readonly port: number;
  /** All that was logged, every level. */
  readonly logged: () => string;
};

export type TestGatewayOptions = Partial<Pick<GatewayOptions, 'services' | 'limits' | 'limiter' | 'docs'>> & {
  readonly allowAbsent?: boolean;
  readonly trusted?: readonly string[];
  readonly clock?: Clock;
  /** @default Sonixy's, with `secret` */
  readonly tokens?: { readonly secret: string; readonly issuer: string; readonly audience: string };
};

/** A gateway on a real listener, whose limits are so high that only tests about them meet them. */
export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { services = {}, clock = systemClock, limiter = createMemoryLimiter() } = options;
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'trace', destination: { write: (line) => void lines.push(line) } });
  const metrics = createMetrics('gateway');
  const signed = options.tokens ?? { secret, issuer, audience };
  const { issuer: from, audience: to } = signed;
  const keys = { kind: 'hs256', secret: signed.secret } as const;
  const tokens = { issuer: from, audience: to, clockSkewSeconds: 0, keys };
  const gateway = createGateway({
    services,
    limiter,
    verifier: createTokenVerifier(tokens, { clock, log }),
    origins: createOriginPolicy({ origins: [listedOrigin], allowAbsent: options.allowAbsent ?? true }),
    proxies: createTrustedProxies(options.trusted ?? []),
    ...(options.docs ? { docs: options.docs } : {}),
    limits: { ...unlimited, ...options.limits },
    ...{ clock, log, metrics },
  });
  const listener = await listen(gateway.server, { host: '127.0.0.1', port: 0, closeGraceMs: 100 });
  return {
    gateway,
    metrics,
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    logged: () => lines.join(''),
    async [Symbol.asyncDispose]() {
      await listener.close();
      gateway.close();
      await limiter.close();
    },
  };
}

const unlimited = {
  readsPerMinute: 1_000_000,
  writesPerMinute: 1_000_000,
  connectsPerMinute: 1_000_000,
  anonymousConnectsPerMinute: 1_000_000,
  failuresPerMinute: 1_000_000,
};

export type TestService = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** Requests that arrived. */
  readonly requests: IncomingMessage[];
  /** Connections that are open now. */
  readonly connections: () => number;
  /** Takes every WebSocket from now on, and says nothing on it. */
  upgrades(): void;
};

/** A service behind the gateway that does what a test wants. @default answers 200 `{}` */
export async function startService(handle?: RequestListener): Promise<TestService> {
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(request);
    if (handle) handle(request, response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const listener = await listen(server, { host: '127.0.0.1', port: 0, closeGraceMs: 100 });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    requests,
    connections: () => sockets.size,
    upgrades() {
      server.on('upgrade', (_request, socket) => {
        socket.on('error', () => {}).resume();
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      });
    },
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

export function tokenOf(user: string, lifetimeSeconds = 3_600): Promise<string> {
  return issueToken({ secret, issuer, audience, user, lifetimeSeconds });
}

export async function bearerOf(user: string): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await tokenOf(user)}` };
}

/** Text as it stands, and everything that comes back until the other side closes. */
export async function rawExchange(port: number, text: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  socket.write(text);
  await eventually(() => (socket.closed ? undefined : `still open: ${answer.slice(0, 200)}`), { timeoutMs: 30_000 });
  return answer;
}

/** The status that a WebSocket upgrade is answered with, and the body where it is not 101. */
export function upgrade(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; body: string; socket?: Socket }> {
  const key = randomBytes(16).toString('base64');
  const upgradeHeaders = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers: { ...upgradeHeaders, 'sec-websocket-key': key, ...headers } })
      .on('upgrade', (response, socket) => resolve({ status: 101, headers: response.headers, body: '', socket }))
      .on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      })
      .on('error', reject)
      .end();
  });
}
