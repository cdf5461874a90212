import type { Server } from 'node:http';

export type Listener = {
  readonly port: number;
  /** Takes no more connections, lets requests in flight end for `graceMs` (default 5 s), then cuts what is left. */
  close(graceMs?: number): Promise<void>;
};

/** Binds `server` with time-outs against slow clients. A taken port is one clear error. */
export async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<Listener> {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `port ${port} of ${host} is in use by another process: stop it, or set another PORT`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    async close(graceMs = 5_000) {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}
