import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyServer, type ProxyServer, type ProxyServerOptions } from 'httpxy';
import type { Clock } from '#shared/runtime/clock.ts';
import { Attempt, type AttemptOptions } from './attempt.ts';
import { LateBody } from './late-body.ts';
import { rewriteResponseHeaders } from './response-headers.ts';
import type { Upstream } from './upstream.ts';

export type ForwardOptions = {
  /** Of the request's body; more of it ends the attempt. */
  readonly maxBodyBytes: number;
  /** Ends the attempt, or an answer that has begun; its reason is what `web` rejects with. */
  readonly signal?: AbortSignal;
  /** Not one of those that are kept. */
  readonly freshConnection?: boolean;
  /** To get a connection. */
  readonly connectTimeoutMs: number;
};

export type ForwarderOptions = {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Whether clients are to come back on another connection. */
  readonly closing: () => boolean;
};

/** A service that lives takes a connection at once; the address of one that has just died may swallow it. */
const dialTimeoutMs = 500;

/** Passes requests on to services, both ways as a stream. Their headers are rewritten before. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #proxy: ProxyServer = createProxyServer();
  readonly #attempts = new WeakMap<IncomingMessage, Attempt>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#proxy.on('proxyReq', (proxied, request) => this.#attempts.get(request)?.begin(proxied));
    this.#proxy.on('proxyReqWs', (proxied, request) => this.#attempts.get(request)?.beginUpgrade(proxied));
    this.#proxy.on('proxyRes', ({ headers }, request, response) => {
      rewriteResponseHeaders(headers, response, this.#options.closing());
      this.#attempts.get(request)?.succeed();
    });
    this.#proxy.on('error', (error, request) => request && this.#attempts.get(request)?.failBy(error));
  }

  /**
   * One attempt. Resolves when the answer begins; it then goes on by itself, and breaks off when the service does. Whoever
   * was `unreachable` has taken nothing of the request.
   *
   * @throws UpstreamFailure, ClientGone, PlatformError `too_large`, or the signal's reason, while nothing is answered yet
   */
  web(request: IncomingMessage, response: ServerResponse, upstream: Upstream, options: ForwardOptions): Promise<void> {
    const buffer = new LateBody(request);
    return this.#attempt(request, upstream, { ...options, response, onConnected: () => buffer.open() }, (attempt) => {
      const agent = options.freshConnection ? false : upstream.agent;
      this.#proxy.web(request, response, this.#settings(upstream, { agent, buffer })).then(
        () => attempt.clientClosed(),
        (error: Error) => attempt.failBy(error),
      );
    });
  }

  /**
   * One attempt at an upgrade. Resolves with the service's socket, or with undefined when it answers something else, which is
   * passed on; from then on bytes flow by themselves. `onFailure` answers at once, the library ends the socket after it.
   *
   * @throws UpstreamFailure or ClientGone
   */
  async upgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    upstream: Upstream,
    onFailure: (error: Error) => void,
  ): Promise<Socket | undefined> {
    let upgraded: Socket | undefined;
    const onUpgrade = (other: Socket) => {
      upgraded = other;
    };
    const { connectTimeoutMs } = this.#options;
    await this.#attempt(request, upstream, { maxBodyBytes: 0, connectTimeoutMs, onUpgrade, onFailure }, (attempt) => {
      socket.once('close', () => attempt.clientClosed());
      const settings = this.#settings(upstream, { upgradeTimeout: upstream.silenceTimeoutMs });
      this.#proxy.ws(request, socket, settings, head).catch((error: Error) => attempt.failBy(error));
    });
    return upgraded;
  }

  #settings({ url }: Upstream, extra: ProxyServerOptions): ProxyServerOptions {
    return { target: url, changeOrigin: true, ...extra };
  }

  #attempt(
    request: IncomingMessage,
    upstream: Upstream,
    options: Omit<AttemptOptions, 'request' | 'clock' | 'dialTimeoutMs' | 'silenceTimeoutMs'>,
    start: (attempt: Attempt) => void,
  ): Promise<void> {
    const { clock } = this.#options;
    const { silenceTimeoutMs } = upstream;
    const attempt = new Attempt({ ...options, request, clock, dialTimeoutMs, silenceTimeoutMs });
    this.#attempts.set(request, attempt);
    start(attempt);
    return attempt.done;
  }
}
