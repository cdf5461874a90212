import { io, type Socket } from 'socket.io-client';
import { clientMethods, socketIoPath } from '../../shared/contract/names.ts';
import { type LiveConnection, type LiveHandlers, LiveRefusedError, type OpenLive } from './live-connection.ts';

const answerTimeoutMs = 15_000;

export type SocketIoOptions = {
  /** In the order in which they are tried. Polling needs sessions that stick to a worker. @default WebSocket, then polling */
  readonly transports?: readonly ('websocket' | 'polling')[];
};

/**
 * socket.io by the stock client. Both hubs of one server and one function share one connection, which ends when the last
 * of them has closed.
 */
export function socketIoLive({ transports = ['websocket', 'polling'] }: SocketIoOptions = {}): OpenLive {
  const sockets = new Map<string, SharedSocket>();
  return async ({ baseUrl, token, handlers }) => {
    let shared = sockets.get(baseUrl);
    if (!shared?.usable) {
      shared = new SharedSocket(baseUrl, token, transports);
      sockets.set(baseUrl, shared);
    }
    return shared.join(handlers);
  };
}

class SharedSocket {
  readonly #owners = new Set<LiveHandlers>();
  readonly #connected: Promise<Socket>;
  #socket: Socket | undefined;
  usable = true;

  constructor(baseUrl: string, token: () => Promise<string>, transports: readonly string[]) {
    this.#connected = this.#connect(baseUrl, token, transports);
    this.#connected.catch(() => {
      this.usable = false;
    });
  }

  async join(handlers: LiveHandlers): Promise<LiveConnection> {
    const socket = await this.#connected;
    // The connection ended, or its other owner closed it, in this very moment.
    if (!socket.connected) throw new Error('the connection ended');
    this.#owners.add(handlers);
    handlers.transport(transportOf(socket));
    return {
      call: async (method, ...args) => refusedOr(await socket.timeout(answerTimeoutMs).emitWithAck(method, ...args)),
      tell: (method, ...args) => void socket.volatile.emit(method, ...args),
      close: () => this.#leave(handlers),
    };
  }

  #leave(handlers: LiveHandlers): void {
    this.#owners.delete(handlers);
    if (this.#owners.size > 0) return;
    this.usable = false;
    this.#socket?.disconnect();
  }

  async #connect(baseUrl: string, token: () => Promise<string>, transports: readonly string[]): Promise<Socket> {
    const socket = io(baseUrl, {
      path: socketIoPath,
      auth: { token: await token() },
      transports: [...transports],
      tryAllTransports: true,
      reconnection: false,
      forceNew: true,
    });
    this.#socket = socket;
    for (const method of Object.values(clientMethods)) {
      socket.on(method, (...args: unknown[]) => this.#each((owner) => owner.called(method, args)));
    }
    await connected(socket);
    socket.on('disconnect', (reason) => {
      this.usable = false;
      this.#each((owner) => owner.closed(reason, reason !== 'io server disconnect'));
    });
    socket.io.engine.on('upgrade', () => this.#each((owner) => owner.transport(transportOf(socket))));
    return socket;
  }

  #each(tell: (owner: LiveHandlers) => void): void {
    for (const owner of [...this.#owners]) tell(owner);
  }
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
