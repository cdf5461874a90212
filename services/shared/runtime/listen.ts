import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { StartError } from '#shared/runtime/start-error.ts';

export type ListenOptions = {
  /** @default all interfaces */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** For a client's headers to be complete. @default 10,000 */
  readonly headersTimeoutMs?: number;
  /** For a client's whole request to be received. @default 30,000 */
  readonly requestTimeoutMs?: number;
  /** How long `close` waits for requests in hand. @default 5,000 */
  readonly closeGraceMs?: number;
};

export type Listener = {
  readonly port: number;
  /** Accepts nothing new, lets requests in hand finish for a grace, then ends every connection, upgraded ones too. */
  close(): Promise<void>;
};

/**
 * Clients that send too slowly are answered 408 and closed.
 *
 * @throws StartError when the address is taken or not ours
 */
export async function listen(server: Server, options: ListenOptions): Promise<Listener> {
  const { host, port, headersTimeoutMs = 10_000, requestTimeoutMs = 30_000, closeGraceMs = 5_000 } = options;
  server.headersTimeout = headersTimeoutMs;
  server.requestTimeout = requestTimeoutMs;
  // Node looks for slow clients at this interval only; it reads the field when it begins to listen.
  Object.assign(server, { connectionsCheckingInterval: Math.min(headersTimeoutMs, requestTimeoutMs) / 4 });
  // Longer than a proxy keeps its idle connections, else it sends a request into one that we just closed.
  server.keepAliveTimeout = 65_000;

  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(startErrorOf(error, host, port));
    server.once('error', refuse);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', refuse);
      resolve();
    });
  });

  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      closing ??= closeServer(server, sockets, closeGraceMs);
      return closing;
    },
  };
}

async function closeServer(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  // A connection whose last answer left after `close` began would idle until its keep-alive ends.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const force = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  try {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  } finally {
    clearInterval(sweep);
    clearTimeout(force);
  }
}

function startErrorOf(error: NodeJS.ErrnoException, host: string | undefined, port: number): Error {
  const address = `${host ?? '*'}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(`${address} is in use: stop the process that listens there, or choose another port`);
    case 'EACCES':
      return new StartError(`not allowed to listen on ${address}: choose a port above 1023`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`${address} is no address of this machine: choose another host`);
    default:
      return error;
  }
}
