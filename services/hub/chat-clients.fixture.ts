import { HttpTransportType } from '@microsoft/signalr';
import { clientMethods, hubPaths } from '#shared/contract/names.ts';
import { connected, signalR, socketIo } from './simulated-clients.fixture.ts';
import type { SimulatedWorker } from './simulated-worker.fixture.ts';

export type ChatClient = {
  /** `Method argument argument…`, JSON, in the order in which they came; every method that there is. */
  readonly received: string[];
  /** Numbers of the rows that came as ReceiveMessage. */
  numbers(): number[];
  of(method: string): string[];
  call(method: string, argument: unknown): Promise<unknown>;
  stop(): Promise<void>;
};

const methods = Object.values(clientMethods);

function client(call: ChatClient['call'], stop: ChatClient['stop']) {
  const received: string[] = [];
  const of = (method: string) =>
    received.filter((line) => line.startsWith(`${method} `)).map((line) => line.slice(method.length + 1));
  return {
    received,
    of,
    numbers: () => of(clientMethods.receiveMessage).map((body) => (JSON.parse(body) as { number: number }).number),
    call,
    stop,
    listen: (on: (method: string, listener: (...args: unknown[]) => void) => unknown) => {
      for (const method of methods) {
        on(method, (...args) => received.push([method, ...args.map((arg) => JSON.stringify(arg))].join(' ')));
      }
    },
  };
}

export async function chatOverSignalR(
  worker: SimulatedWorker,
  user: string,
  transport = HttpTransportType.WebSockets,
  messagePack = false,
): Promise<ChatClient> {
  const connection = signalR(worker, await worker.token(user), transport, { path: hubPaths.chat, messagePack });
  const made = client(
    (method, argument) => connection.invoke(method, argument),
    () => connection.stop(),
  );
  made.listen((method, listener) => connection.on(method, listener));
  await connection.start();
  return made;
}

export async function chatOverSocketIo(
  worker: SimulatedWorker,
  user: string,
  transports: string[] = ['websocket'],
): Promise<ChatClient> {
  const socket = socketIo(worker, { auth: { token: await worker.token(user) }, transports });
  const made = client(
    (method, argument) => socket.emitWithAck(method, argument),
    async () => void socket.close(),
  );
  made.listen((method, listener) => socket.on(method, listener));
  await connected(socket);
  return made;
}

/** Every way for a stock client to take part. */
export const chatKinds: Readonly<Record<string, (worker: SimulatedWorker, user: string) => Promise<ChatClient>>> = {
  'SignalR WebSockets JSON': (worker, user) => chatOverSignalR(worker, user),
  'SignalR WebSockets MessagePack': (worker, user) => chatOverSignalR(worker, user, HttpTransportType.WebSockets, true),
  'SignalR SSE JSON': (worker, user) => chatOverSignalR(worker, user, HttpTransportType.ServerSentEvents),
  'SignalR long polling JSON': (worker, user) => chatOverSignalR(worker, user, HttpTransportType.LongPolling),
  'SignalR long polling MessagePack': (worker, user) =>
    chatOverSignalR(worker, user, HttpTransportType.LongPolling, true),
  'socket.io websocket': (worker, user) => chatOverSocketIo(worker, user),
  'socket.io polling': (worker, user) => chatOverSocketIo(worker, user, ['polling']),
  'socket.io polling, upgraded': (worker, user) => chatOverSocketIo(worker, user, ['polling', 'websocket']),
};
