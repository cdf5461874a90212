import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ApiDocs } from '#shared/api-docs/serve-api-docs.ts';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import type { TrustedProxies } from '#shared/http/client-address.ts';
import { ConnectionLimits } from '#shared/http/connection-limits.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import { defaultGatewayLimits, type GatewayLimits } from './gateway-limits.ts';
import { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.ts';
import { Gate } from './http/gate.ts';
import { type ServeContext, serveRequest } from './http/serve-request.ts';
import { serveUpgrade } from './http/serve-upgrade.ts';
import { Failures } from './limits/failures.ts';
import type { RateLimiter } from './limits/rate-limiter.ts';
import { Rates } from './limits/rates.ts';
import { Circuit } from './proxy/circuit.ts';
import { Forwarder } from './proxy/forwarder.ts';
import { HeldConnections } from './proxy/held-connections.ts';
import { PassOn } from './proxy/pass-on.ts';
import { createUpstream, type Upstream } from './proxy/upstream.ts';
import type { ServiceName } from './routes.ts';

export type GatewayOptions = {
  /** Base URLs; a service that is not named is not routed. */
  readonly services: Readonly<Partial<Record<ServiceName, string>>>;
  /** Stays the caller's. */
  readonly limiter: RateLimiter;
  readonly verifier: TokenVerifier;
  readonly origins: OriginPolicy;
  readonly proxies: TrustedProxies;
  /** @default none are served */
  readonly docs?: ApiDocs;
  readonly limits?: Partial<GatewayLimits>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
};

export interface Gateway {
  /** Not listening yet. */
  readonly server: Server;
  readonly upstreams: readonly Upstream[];
  readonly draining: boolean;
  /**
   * Takes no WebSocket any more and ends what clients hold open, spread over `drainWindowMs`; other requests are answered
   * as before, on connections that end with them. Resolves when nothing is held, or 3 s after the window.
   */
  drain(): Promise<void>;
  /** Gives kept connections to services back. */
  close(): void;
}

const closeWaitMs = 3_000;

/** The edge of the platform: everything but the listener. */
export function createGateway(options: GatewayOptions): Gateway {
  const { services, limiter, verifier, origins, proxies, clock, log } = options;
  const limits = { ...defaultGatewayLimits, ...options.limits };
  const metrics = createGatewayMetrics(options.metrics);
  const held = new HeldConnections();
  options.metrics.gauge(
    'gateway_held_connections',
    'WebSockets, streams and polls that clients hold open',
    [],
    (gauge) => gauge.set(held.size),
  );
  const upstreams = Object.entries(services).map(([name, url]) =>
    toUpstream(name as ServiceName, url, limits, { log, metrics }),
  );
  const rates = new Rates(limiter, limits);
  const { connectTimeoutMs, maxBodyBytes } = limits;
  const closing = () => held.draining;
  const forwarder = new Forwarder({ clock, connectTimeoutMs, closing });
  const context: ServeContext = {
    upstreams: Object.fromEntries(upstreams.map((upstream) => [upstream.name, upstream])),
    gate: new Gate({
      verifier,
      rates,
      failures: new Failures((address) => rates.failure(address), clock),
      sessionFailures: new Failures((address) => rates.sessionFailure(address), clock),
    }),
    passOn: new PassOn({ forwarder, clock, metrics, connectTimeoutMs }),
    maxBodyBytes,
    docs: options.docs,
    connections: new ConnectionLimits({ proxies, maxPerAddress: limits.maxConnectionsPerAddress, clock }),
    ...{ origins, proxies, held, closing, log, metrics },
  };
  const server = createServer({ shouldUpgradeCallback: isWebSocket });
  context.connections.watch(server);
  server.on('request', (request, response) => void serveRequest(request, response, context));
  // Without this the library would tell clients to send their body before anybody looked at their token.
  server.on('checkContinue', (request, response) => void serveRequest(request, response, context));
  server.on('upgrade', (request, socket, head) => void serveUpgrade(request, socket as Socket, head, context));
  return {
    server,
    upstreams,
    get draining() {
      return held.draining;
    },
    drain() {
      const drained = held.drain(clock, limits.drainWindowMs, closeWaitMs);
      server.closeIdleConnections();
      return drained;
    },
    close() {
      for (const { agent } of upstreams) agent.destroy();
    },
  };
}

/** Any other upgrade that a client offers is declined by answering the request as it is (RFC 9110, 7.8). */
function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

function toUpstream(
  name: ServiceName,
  url: string,
  limits: GatewayLimits,
  { log, metrics }: { log: Logger; metrics: GatewayMetrics },
): Upstream {
  const hub = name === 'hub';
  metrics.circuitOpen.set({ service: name }, 0);
  const circuit = new Circuit({
    failures: limits.circuitFailures,
    openMs: limits.circuitOpenMs,
    onChange(open) {
      metrics.circuitOpen.set({ service: name }, open ? 1 : 0);
      const where = { service: name, host: new URL(url).host };
      if (open) log.warn(where, 'the service does not answer: its requests get 503');
      else log.info(where, 'the service answers again');
    },
  });
  return createUpstream({
    name,
    url,
    circuit,
    silenceTimeoutMs: hub ? limits.hubSilenceTimeoutMs : limits.silenceTimeoutMs,
    // Each poll and each stream holds one.
    maxConnections: hub ? Number.POSITIVE_INFINITY : limits.maxConnectionsPerService,
  });
}
