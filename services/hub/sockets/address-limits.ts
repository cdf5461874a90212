import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import { clientAddress, type TrustedProxies } from '#shared/http/client-address.ts';
import { ConnectionLimits } from '#shared/http/connection-limits.ts';
import { applyCors } from '#shared/http/cors.ts';
import { RetryLater } from '#shared/http/retry-later.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Counter, Metrics } from '#shared/runtime/metrics.ts';
import type { PassingMark } from '../forward/passing-mark.ts';
import { type Refusal, refuse, refuseUpgrade } from './refuse.ts';

export type AddressLimitsOptions = {
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies: TrustedProxies;
  readonly maxConnections: number;
  /** What another worker passes on counts for the client, not for that worker. */
  readonly mark: PassingMark;
  readonly origins: OriginPolicy;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
};

/** How many connections one client address may have at this worker (S8), where no gateway stands before it. */
export class AddressLimits {
  readonly #options: AddressLimitsOptions;
  readonly #connections: ConnectionLimits;
  readonly #refused: Counter;

  constructor(options: AddressLimitsOptions) {
    this.#options = options;
    const { proxies, maxConnections, clock, metrics } = options;
    this.#connections = new ConnectionLimits({ proxies, maxPerAddress: maxConnections, clock });
    this.#refused = metrics.counter(
      'hub_address_limit_refusals_total',
      'Clients sent away for too many of one address',
    );
  }

  watch(server: Server): void {
    this.#connections.watch(server);
  }

  /** False: it was answered. A GET is held open for as long as the client likes: a stream, a poll. */
  admitRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const refusal = this.#refusalOf(request, () => {
      if (this.#options.mark.clientOf(request) !== undefined) this.#connections.exempt(request.socket);
      else this.#connections.requireSocket(request, response);
      if (request.method === 'GET') response.once('close', this.#connections.hold(this.#addressOf(request)));
    });
    if (!refusal) return true;
    // Or a page would not learn why.
    if (applyCors(request, response, this.#options.origins) !== 'answered') refuse(response, refusal);
    return false;
  }

  /** False: it was answered, and its socket ends. */
  admitUpgrade(request: IncomingMessage, socket: Duplex): boolean {
    const refusal = this.#refusalOf(request, () => {
      this.#connections.requireSocket(request);
      socket.once('close', this.#connections.hold(this.#addressOf(request)));
    });
    if (!refusal) return true;
    socket.on('error', () => {});
    refuseUpgrade(socket, refusal);
    return false;
  }

  #addressOf(request: IncomingMessage): string {
    const { mark, proxies } = this.#options;
    return mark.clientOf(request) ?? clientAddress(request, proxies);
  }

  #refusalOf(request: IncomingMessage, take: () => void): Refusal | undefined {
    try {
      take();
      return undefined;
    } catch (error) {
      if (!(error instanceof RetryLater)) throw error;
      const { code, retryAfterSeconds } = error;
      this.#refused.inc();
      this.#options.log.warn({ audit: code, ip: this.#addressOf(request) }, 'connection refused');
      return { status: 429, retryAfterSeconds };
    }
  }
}
