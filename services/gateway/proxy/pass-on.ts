import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RetryLater } from '#shared/http/retry-later.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { hasBody } from './attempt.ts';
import type { Forwarder, ForwardOptions } from './forwarder.ts';
import type { Upstream } from './upstream.ts';
import { ClientGone, UpstreamFailure } from './upstream-failure.ts';

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

/** Between two tries to reach a service: doubled each time, up to the second. */
const redialPausesMs = { first: 50, longest: 400 };
/** The proxy library listens anew for each try. */
const maxListeners = 50;

export type PassOnOptions = Omit<ForwardOptions, 'freshConnection' | 'connectTimeoutMs'> & {
  /** A poll, which is answered when there is something to say. */
  readonly heldForLong?: boolean;
};

export type PassOnParts = {
  readonly forwarder: Forwarder;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
  /** To get a connection, however often it is dialled. */
  readonly connectTimeoutMs: number;
};

/** Forwards by way of the service's circuit, and again where that can do no harm. */
export class PassOn {
  readonly #parts: PassOnParts;

  constructor(parts: PassOnParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the answer begins. A service that can't be reached is dialled again for a while: behind its name each
   * connection may meet another replica, and one that has just died is among them until every node knows it.
   *
   * @throws RetryLater `unavailable` when the service does not answer; else as `Forwarder.web`
   */
  async web(
    request: IncomingMessage,
    response: ServerResponse,
    upstream: Upstream,
    options: PassOnOptions,
  ): Promise<void> {
    try {
      await upstream.circuit.run(() => this.#web(request, response, upstream, options), options);
    } catch (error) {
      throw toRefusal(upstream, error);
    }
  }

  async #web(
    request: IncomingMessage,
    response: ServerResponse,
    upstream: Upstream,
    options: PassOnOptions,
  ): Promise<void> {
    const { forwarder, clock, metrics, connectTimeoutMs } = this.#parts;
    const deadline = clock.now() + connectTimeoutMs;
    let freshConnection = false;
    for (let pauseMs = redialPausesMs.first; ; pauseMs = Math.min(pauseMs * 2, redialPausesMs.longest)) {
      const leftMs = deadline - clock.now();
      const attempt = { ...options, freshConnection, connectTimeoutMs: leftMs };
      try {
        return await this.#counting(upstream, forwarder.web(request, response, upstream, attempt));
      } catch (error) {
        if (!(error instanceof UpstreamFailure)) throw error;
        const redial = error.reason === 'unreachable' && deadline - clock.now() > pauseMs;
        if (!redial && (freshConnection || !isRepeatable(request, error))) throw error;
        freshConnection = true;
        for (const emitter of [request, response]) emitter.setMaxListeners(maxListeners);
        if (redial) await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
        if (response.destroyed) throw new ClientGone('the client is gone');
        metrics.retries.inc({ service: upstream.name });
      }
    }
  }

  /** As `Forwarder.upgrade`, with `refuse` called at once with what to answer. */
  upgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    upstream: Upstream,
    refuse: (error: unknown) => void,
  ): Promise<Socket | undefined> {
    const { forwarder } = this.#parts;
    const refused = (error: unknown) => refuse(toRefusal(upstream, error));
    return upstream.circuit.run(() =>
      this.#counting(upstream, forwarder.upgrade(request, socket, head, upstream, refused)),
    );
  }

  #counting<T>({ name: service }: Upstream, attempt: Promise<T>): Promise<T> {
    return attempt.catch((error: unknown) => {
      if (error instanceof UpstreamFailure) this.#parts.metrics.upstreamFailures.inc({ service, reason: error.reason });
      throw error;
    });
  }
}

function isRepeatable(request: IncomingMessage, { reason }: UpstreamFailure): boolean {
  // A body is gone with the first attempt: nothing is kept of it.
  return reason === 'stale' && idempotent.has(request.method ?? '') && !hasBody(request);
}

function toRefusal({ name }: Upstream, error: unknown): unknown {
  if (!(error instanceof UpstreamFailure)) return error;
  return new RetryLater('unavailable', `${name} is ${error.reason}`, { retryAfterSeconds: 1, cause: error });
}
