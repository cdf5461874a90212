import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '#shared/runtime/clock.ts';
import { addressKey, plainAddress, type TrustedProxies } from './client-address.ts';
import { Places } from './places.ts';
import { RetryLater } from './retry-later.ts';

export type ConnectionLimitsOptions = {
  readonly proxies: TrustedProxies;
  readonly maxPerAddress: number;
  readonly clock: Clock;
};

const retryAfterSeconds = 5;
/** How long a connection that is one too many may take to ask for something, and so to hear why. */
const refusedSocketMs = 5_000;

/**
 * How many connections one client address may have at this process (S8): TCP connections of whoever is no trusted proxy, and
 * what is held open (WebSockets, streams, polls) by the address that proxies tell.
 */
export class ConnectionLimits {
  readonly #options: ConnectionLimitsOptions;
  readonly #sockets: Places;
  readonly #held: Places;
  readonly #refused = new WeakSet<Socket>();
  /** Gives back the place of a socket, or lets one live that is one too many. */
  readonly #exempt = new WeakMap<Socket, () => void>();

  constructor(options: ConnectionLimitsOptions) {
    this.#options = options;
    this.#sockets = new Places(options.maxPerAddress);
    this.#held = new Places(options.maxPerAddress);
  }

  watch(server: Server): void {
    server.on('connection', (socket) => this.#opened(socket));
  }

  /** @throws RetryLater `rate_limited` when the connection that the request came on is one too many */
  requireSocket({ socket }: IncomingMessage, response?: ServerResponse): void {
    if (!this.#refused.has(socket)) return;
    response?.setHeader('Connection', 'close');
    throw tooMany();
  }

  /** A connection that turns out to carry requests of many takes no place, and need not go where it is one too many. */
  exempt(socket: Socket): void {
    this.#exempt.get(socket)?.();
  }

  /**
   * A connection is held open until `release` is called.
   * @throws RetryLater `rate_limited`
   */
  hold(address: string): () => void {
    const release = this.#held.take(addressKey(address));
    if (!release) throw tooMany();
    return release;
  }

  #opened(socket: Socket): void {
    const { proxies, clock } = this.#options;
    const address = plainAddress(socket.remoteAddress ?? '');
    // A proxy carries everybody's requests on its connections.
    if (proxies.trusts(address)) return;
    const release = this.#sockets.take(addressKey(address));
    if (release) {
      this.#exempt.set(socket, release);
      socket.once('close', release);
      return;
    }
    this.#refused.add(socket);
    const timer = clock.after(refusedSocketMs, () => socket.destroy());
    this.#exempt.set(socket, () => timer.cancel());
    socket.once('close', () => timer.cancel());
  }
}

function tooMany(): RetryLater {
  return new RetryLater('rate_limited', 'too many connections of one address', { retryAfterSeconds });
}
