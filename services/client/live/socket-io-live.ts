import { io, type Socket } from 'socket.io-client';
import { clientMethods, socketIoPath } from '../../shared/contract/names.ts';
import { claimsOf } from '../rest/token-source.ts';
import { type LiveConnection, type LiveHandlers, LiveRefusedError, type OpenLive } from './live-connection.ts';

const answerTimeoutMs = 15_000;

export type SocketIoOptions = {
  /** In the order in which they are tried. Polling needs sessions that stick to a worker. @default WebSocket, then polling */
  readonly transports?: readonly ('websocket' | 'polling')[];
};

/**
 * socket.io by the stock client. Both hubs of one server and one function share one connection of one user, which ends when
 * the last of them has closed, or has stopped to wait for it.
 */
export function socketIoLive({ transports = ['websocket', 'polling'] }: SocketIoOptions = {}): OpenLive {
  const sockets = new Map<string, SharedSocket>();
  return async ({ baseUrl, token: getToken, signal, handlers }) => {
    const token = await getToken();
    signal?.throwIfAborted();
    const key = `${baseUrl} ${claimsOf(token).user ?? token}`;
    let shared = sockets.get(key);
    if (!shared) {
      const made = new SharedSocket(baseUrl, token, transports, () => {
        if (sockets.get(key) === made) sockets.delete(key);
      });
      shared = made;
      sockets.set(key, made);
    }
    return shared.join(handlers, signal);
  };
}

class SharedSocket {
  readonly #owners = new Set<LiveHandlers>();
  readonly #socket: Socket;
  readonly #connected: Promise<void>;
  readonly #ended: () => void;
  #waiting = 0;

  /** @param ended it must not be joined any more */
  constructor(baseUrl: string, token: string, transports: readonly string[], ended: () => void) {
    this.#ended = ended;
    this.#socket = io(baseUrl, {
      path: socketIoPath,
      auth: { token },
      transports: [...transports],
      tryAllTransports: true,
      reconnection: false,
      forceNew: true,
    });
    for (const method of Object.values(clientMethods)) {
      this.#socket.on(method, (...args: unknown[]) => this.#each((owner) => owner.called(method, args)));
    }
    this.#connected = this.#connect();
    this.#connected.catch(ended);
  }

  async join(handlers: LiveHandlers, signal: AbortSignal | undefined): Promise<LiveConnection> {
    const socket = this.#socket;
    this.#waiting += 1;
    try {
      await unlessAborted(this.#connected, signal);
      // The connection ended, or its other owner closed it, in this very moment.
      if (!socket.connected) throw new Error('the connection ended');
      this.#owners.add(handlers);
    } finally {
      this.#waiting -= 1;
      this.#endUnused();
    }
    handlers.transport(transportOf(socket));
    return {
      call: async (method, ...args) => refusedOr(await socket.timeout(answerTimeoutMs).emitWithAck(method, ...args)),
      tell: (method, ...args) => void socket.volatile.emit(method, ...args),
      close: () => {
        this.#owners.delete(handlers);
        this.#endUnused();
      },
    };
  }

  #endUnused(): void {
    if (this.#owners.size > 0 || this.#waiting > 0) return;
    this.#ended();
    const { engine } = this.#socket.io;
    // Polling that is closed before its first answer leaves a session behind, until the server's ping is not answered.
    if (engine.readyState === 'opening') engine.once('open', () => this.#socket.disconnect());
    else this.#socket.disconnect();
  }

  async #connect(): Promise<void> {
    const socket = this.#socket;
    await connected(socket);
    socket.on('disconnect', (reason) => {
      this.#ended();
      this.#each((owner) => owner.closed(reason, reason !== 'io server disconnect'));
    });
    socket.io.engine.on('upgrade', () => this.#each((owner) => owner.transport(transportOf(socket))));
  }

  #each(tell: (owner: LiveHandlers) => void): void {
    for (const owner of [...this.#owners]) tell(owner);
  }
}

function unlessAborted(done: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return done;
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    done.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

function transportOf(socket: Socket): string {
  return `socket.io · ${socket.io.engine.transport.name === 'websocket' ? 'WebSocket' : 'long polling'}`;
}

/** An acknowledgement of the hub is an answer, or an error with text and code. */
function refusedOr(answer: unknown): unknown {
  const { error } = (typeof answer === 'object' && answer !== null ? answer : {}) as { error?: unknown };
  if (typeof error === 'string') throw new Error(error);
  return answer;
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(isRefusal(error) ? new LiveRefusedError(error.message, { cause: error }) : error);
    });
  });
}

function isRefusal(error: Error & { data?: { code?: unknown } }): boolean {
  return error.data?.code === 'unauthorized' || /\b401\b|unauthorized/i.test(error.message);
}
