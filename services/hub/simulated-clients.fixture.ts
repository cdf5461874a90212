import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { HttpTransportType, type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { io, type Socket } from 'socket.io-client';
import { hubPaths } from '#shared/contract/names.ts';
import type { SimulatedWorker } from './simulated-worker.fixture.ts';

/** A stock client with automatic reconnect; ended with its worker. */
export function signalR(
  worker: SimulatedWorker,
  token: string,
  transport = HttpTransportType.WebSockets,
  { path = hubPaths.notifications, messagePack = false }: { path?: string; messagePack?: boolean } = {},
): HubConnection {
  const builder = new HubConnectionBuilder()
    .withUrl(`${worker.url}${path}`, { accessTokenFactory: () => token, transport })
    .withAutomaticReconnect([0, 20, 50, 100, 200])
    .configureLogging(LogLevel.None);
  const connection = (messagePack ? builder.withHubProtocol(new MessagePackHubProtocol()) : builder).build();
  worker.later(() => connection.stop());
  return connection;
}

export function socketIo(worker: SimulatedWorker, options: Parameters<typeof io>[1] = {}): Socket {
  const socket = io(worker.url, { transports: ['websocket'], forceNew: true, reconnectionDelay: 20, ...options });
  worker.later(() => socket.close());
  return socket;
}

export const connected = (socket: Socket) =>
  new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });

export async function negotiate(
  worker: SimulatedWorker,
  headers: Record<string, string> = {},
  query = '',
): Promise<Response> {
  const url = `${worker.url}/hubs/notifications/negotiate?negotiateVersion=1${query}`;
  return fetch(url, { method: 'POST', headers: { authorization: `Bearer ${await worker.token()}`, ...headers } });
}

export async function connectionToken(worker: SimulatedWorker): Promise<string> {
  const { connectionToken: token } = (await (await negotiate(worker)).json()) as { connectionToken: string };
  return encodeURIComponent(token);
}

/** The status that a WebSocket upgrade is answered with. */
export function upgrade(url: string, headers: Record<string, string>): Promise<number> {
  const upgradeHeaders = {
    ...headers,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  return new Promise((resolve, reject) => {
    get(url, { headers: upgradeHeaders })
      .on('upgrade', (_response, socket) => {
        resolve(101);
        socket.destroy();
      })
      .on('response', (response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
      })
      .on('error', reject);
  });
}
