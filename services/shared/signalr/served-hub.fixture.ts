import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createSignalRServer,
  HubArgumentError,
  HubError,
  HubUnauthorizedError,
  type SignalRConnection,
  type SignalRHub,
  type SignalRServerOptions,
} from './index.ts';

export type User = { readonly name: string; readonly expired: boolean };

export type ServedHub = AsyncDisposable & {
  /** Of the hub, `http://…/hubs/test`. */
  readonly url: string;
  readonly port: number;
  readonly connections: number;
  /** Past their handshake and not disconnected, oldest first. */
  readonly live: SignalRConnection<User>[];
  readonly gone: { readonly id: string; readonly error: Error | undefined }[];
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[];
  readonly errors: unknown[];
  close(): Promise<void>;
};

const keys = { current: '1', keys: new Map([['1', Buffer.alloc(32, 7)]]) };

/** A hub on a real HTTP server. Tokens are `name` or `name.expired`; the name `nobody` is refused with 401. */
export async function serveHub(
  hub: Partial<SignalRHub<User>> = {},
  options: Partial<SignalRServerOptions> = {},
): Promise<ServedHub> {
  const live: SignalRConnection<User>[] = [];
  const gone: ServedHub['gone'] = [];
  const calls: ServedHub['calls'] = [];
  const errors: unknown[] = [];
  const signalr = createSignalRServer<User>({
    keys,
    worker: { id: 'worker-1', address: '127.0.0.1' },
    onError: (error) => errors.push(error),
    ...options,
    limits: { closeTimeoutMs: 200, ...options.limits },
  });
  const record = (method: string, args: readonly unknown[]) => calls.push({ method, args });
  signalr.mapHub('/hubs/test', {
    authorize: async (request, { established }) => readUser(request, established),
    identityKey: (user) => user.name,
    sameUser: (a, b) => a.name === b.name,
    methods: {
      add: (_connection, a, b) => Number(a) + Number(b),
      echo: (_connection, ...args) => args,
      later: async (_connection, value) => value,
      nothing: () => undefined,
      note: (_connection, ...args) => void record('note', args),
      reason: () => {
        throw new HubError('not today');
      },
      misfit: () => {
        throw new HubArgumentError('secret detail');
      },
      forbidden: () => {
        throw new HubUnauthorizedError('secret detail');
      },
      broken: () => {
        throw new Error('secret detail');
      },
    },
    onConnected: (connection) => void live.push(connection),
    onDisconnected(connection, error) {
      live.splice(live.indexOf(connection), 1);
      gone.push({ id: connection.id, error });
    },
    ...hub,
  });
  const server = createServer((request, response) => {
    if (!signalr.handleRequest(request, response)) response.writeHead(404).end('other');
  });
  server.on('upgrade', (request, socket, head) => {
    if (!signalr.handleUpgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    await signalr.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${port}/hubs/test`,
    port,
    live,
    gone,
    calls,
    errors,
    get connections() {
      return signalr.connections;
    },
    close,
    [Symbol.asyncDispose]: () => (server.listening ? close() : Promise.resolve()),
  };
}

function readUser(request: IncomingMessage, established: boolean): User {
  const query = new URL(request.url ?? '/', 'http://any').searchParams.get('access_token');
  const token = request.headers.authorization?.replace('Bearer ', '') ?? query ?? 'alice';
  const [name = '', suffix] = token.split('.');
  const expired = suffix === 'expired';
  if (name === 'nobody' || (expired && !established)) throw Object.assign(new Error('unauthorized'), { status: 401 });
  return { name, expired };
}
