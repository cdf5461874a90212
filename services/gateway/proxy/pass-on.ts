import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { RetryLater } from '#shared/http/retry-later.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { hasBody } from './attempt.ts';
import type { Forwarder, ForwardOptions } from './forwarder.ts';
import type { Upstream } from './upstream.ts';
import { UpstreamFailure } from './upstream-failure.ts';

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

export type PassOnOptions = Omit<ForwardOptions, 'freshConnection'> & {
  /** A poll, which is answered when there is something to say. */
  readonly heldForLong?: boolean;
};

/** Forwards by way of the service's circuit, and once more where that can do no harm. */
export class PassOn {
  readonly #forwarder: Forwarder;
  readonly #metrics: GatewayMetrics;

  constructor(forwarder: Forwarder, metrics: GatewayMetrics) {
    this.#forwarder = forwarder;
    this.#metrics = metrics;
  }

  /**
   * Resolves when the answer begins.
   *
   * @throws RetryLater `unavailable` when the service does not answer; else as `Forwarder.web`
   */
  async web(
    request: IncomingMessage,
    response: ServerResponse,
    upstream: Upstream,
    options: PassOnOptions,
  ): Promise<void> {
    const attempt = (freshConnection: boolean) =>
      this.#counting(
        upstream,
        () => this.#forwarder.web(request, response, upstream, { ...options, freshConnection }),
        options,
      );
    try {
      await attempt(false);
    } catch (error) {
      if (!isRetried(request, error)) throw toRefusal(upstream, error);
      this.#metrics.retries.inc({ service: upstream.name });
      await attempt(true).catch((again: unknown) => {
        throw toRefusal(upstream, again);
      });
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
    return this.#counting(upstream, () =>
      this.#forwarder.upgrade(request, socket, head, upstream, (error) => refuse(toRefusal(upstream, error))),
    );
  }

  #counting<T>(upstream: Upstream, attempt: () => Promise<T>, how: { heldForLong?: boolean } = {}): Promise<T> {
    return upstream.circuit.run(attempt, how).catch((error: unknown) => {
      const { name: service } = upstream;
      if (error instanceof UpstreamFailure) this.#metrics.upstreamFailures.inc({ service, reason: error.reason });
      throw error;
    });
  }
}

function isRetried(request: IncomingMessage, error: unknown): boolean {
  // A body is gone with the first attempt: nothing is kept of it.
  return (
    error instanceof UpstreamFailure && error.worthAnother && idempotent.has(request.method ?? '') && !hasBody(request)
  );
}

function toRefusal({ name }: Upstream, error: unknown): unknown {
  if (!(error instanceof UpstreamFailure)) return error;
  return new RetryLater('unavailable', `${name} is ${error.reason}`, { retryAfterSeconds: 1, cause: error });
}
