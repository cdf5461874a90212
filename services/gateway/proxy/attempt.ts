import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PlatformError } from '#shared/contract/errors.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import { ClientGone, UpstreamFailure } from './upstream-failure.ts';

export type AttemptOptions = {
  readonly request: IncomingMessage;
  /** None for an upgrade. */
  readonly response?: ServerResponse;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Of `connectTimeoutMs`, for the service to take a new connection. */
  readonly dialTimeoutMs: number;
  readonly silenceTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** A connection stands: the body may flow. */
  readonly onConnected?: () => void;
  readonly signal?: AbortSignal;
  readonly onUpgrade?: (socket: Socket) => void;
  /** At once, before `done` rejects. */
  readonly onFailure?: (error: Error) => void;
};

/** One request to a service, until it is answered or failed; its body may flow on after that. */
export class Attempt {
  readonly #options: AttemptOptions;
  readonly #result = Promise.withResolvers<void>();
  readonly #connectTimer: Timer;
  #dialTimer: Timer | undefined;
  #proxied: ClientRequest | undefined;
  #connected = false;
  #settled = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
    const { clock, connectTimeoutMs, signal } = options;
    this.#connectTimer = clock.after(connectTimeoutMs, () => this.#fail(new UpstreamFailure('late')));
    signal?.addEventListener('abort', this.#abort);
    if (signal?.aborted) this.#abort();
    // Not before it was listened to: a result that nobody waits for yet must not end the process.
    this.#result.promise.catch(() => {});
  }

  /** Settles once. */
  get done(): Promise<void> {
    return this.#result.promise;
  }

  /** A connection was assigned, which may still have to connect. */
  begin(proxied: ClientRequest): void {
    if (this.#settled) {
      proxied.destroy();
      return;
    }
    this.#proxied = proxied;
    const { clock, dialTimeoutMs, silenceTimeoutMs } = this.#options;
    this.#dialTimer = clock.after(dialTimeoutMs, () => this.#fail(new UpstreamFailure('unreachable')));
    this.#awaitConnection(proxied);
    proxied.setTimeout(silenceTimeoutMs, () => this.#stop(this.#silence()));
  }

  beginUpgrade(proxied: ClientRequest): void {
    this.#proxied = proxied;
    proxied.once('socket', () => this.#awaitConnection(proxied));
    proxied.once('upgrade', (_answer, socket: Socket) => {
      this.#options.onUpgrade?.(socket);
      this.succeed();
    });
    proxied.once('response', () => this.succeed());
  }

  /** The answer begins. */
  succeed(): void {
    if (!this.#settle()) return;
    this.#result.resolve();
  }

  failBy(error: Error): void {
    this.#fail(this.#failureOf(error));
  }

  /** The client's side has closed, after a whole answer or before it. */
  clientClosed(): void {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    // An error costs its stack, and most attempts are long settled here.
    if (!this.#settled) this.#fail(new ClientGone('the client is gone'));
  }

  readonly #abort = () => this.#stop(this.#options.signal?.reason);

  /** Ends what is under way, answered or not. */
  #stop(error: Error): void {
    if (this.#settled) this.#options.response?.destroy();
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (!this.#settle()) return;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#proxied?.destroy();
    this.#options.onFailure?.(error);
    this.#result.reject(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#connectTimer.cancel();
    this.#dialTimer?.cancel();
    return true;
  }

  #awaitConnection({ socket }: ClientRequest): void {
    const connected = () => {
      if (this.#settled) return;
      this.#connected = true;
      this.#connectTimer.cancel();
      this.#dialTimer?.cancel();
      this.#limitBody();
      this.#options.onConnected?.();
    };
    if (!socket) return;
    if (socket.connecting) socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
    else connected();
  }

  /** Beside the pipe, which begins right after this: a stream between would cost every request. */
  #limitBody(): void {
    const { request, maxBodyBytes } = this.#options;
    if (!hasBody(request)) return;
    let bytes = 0;
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) return;
      request.off('data', count);
      this.#stop(tooLarge());
    };
    request.on('data', count);
  }

  /** Whoever is waited for is at fault. */
  #silence(): Error {
    const { request } = this.#options;
    if (request.complete) return new UpstreamFailure('silent');
    return new PlatformError('bad_request', 'the body did not arrive in time');
  }

  #failureOf(error: Error): Error {
    const { request } = this.#options;
    if (request.socket.destroyed || this.#options.response?.destroyed) return new ClientGone('the client is gone');
    if (!this.#connected) return new UpstreamFailure('unreachable', { cause: error });
    if ('code' in error && error.code === 'ERR_UPSTREAM_UPGRADE_TIMEOUT') return new UpstreamFailure('silent');
    const stale =
      this.#proxied?.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    return new UpstreamFailure(stale ? 'stale' : 'broken', { cause: error });
  }
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

export function tooLarge(): PlatformError {
  return new PlatformError('too_large', 'the body is too large');
}
