import type { IncomingMessage, ServerResponse } from 'node:http';
import { redactUrl } from '#shared/auth/token-places.ts';
import { clientAddress, peerAddress, type TrustedProxies } from '#shared/http/client-address.ts';
import { correlationIdFrom } from '#shared/http/correlation-id.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { findRoute, type Route } from '../routes.ts';

/** What is known of one request before anybody looked into it. */
export type Exchange = {
  readonly correlationId: string;
  readonly address: string;
  /** The peer is a proxy whose `X-Forwarded-*` are believed. */
  readonly fromTrustedProxy: boolean;
  readonly route: Route | undefined;
};

export type ExchangeContext = {
  readonly proxies: TrustedProxies;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  /** Whether clients are to come back on another connection. */
  readonly closing: () => boolean;
};

export function beginExchange(request: IncomingMessage, { proxies }: ExchangeContext): Exchange {
  return {
    correlationId: correlationIdFrom(request.headers),
    address: clientAddress(request, proxies),
    fromTrustedProxy: proxies.trusts(peerAddress(request)),
    route: findRoute(request.url ?? ''),
  };
}

/** One line and one count per answer, as every service has them. */
export function watchAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { correlationId, route }: Exchange,
  { log, metrics }: ExchangeContext,
): void {
  const startedAt = performance.now();
  const { method, url = '' } = request;
  response.once('close', () => {
    const ms = performance.now() - startedAt;
    const status = response.statusCode;
    const finished = response.writableFinished;
    log.info({ correlationId, method, url: redactUrl(url), status, finished, ms: Math.round(ms) }, 'request');
    metrics.requests.inc({ route: route?.name ?? 'none', status: `${Math.floor(status / 100)}xx` });
    if (route?.kind === 'rest') metrics.seconds.observe({ route: route.name }, ms / 1_000);
  });
}
