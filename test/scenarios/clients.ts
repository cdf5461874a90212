import * as signalR10 from '@microsoft/signalr';
import { MessagePackHubProtocol as MessagePack10 } from '@microsoft/signalr-protocol-msgpack';
import { io } from 'socket.io-client';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';

/** A stock client and what it was shown, in order. */
export type Client = AsyncDisposable & {
  readonly name: string;
  readonly received: NotificationDto[];
  /** How often the client told its application that it lost the connection, whether it came back or not. */
  readonly losses: () => number;
  readonly connected: () => boolean;
};

export type SignalRTransport = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

type HubConnectionLike = {
  start(): Promise<void>;
  stop(): Promise<void>;
  on(method: string, handler: (...args: NotificationDto[]) => void): void;
  onclose(callback: () => void): void;
  readonly state: unknown;
};

/** The real package of that major version, with automatic reconnect every 100 ms for as long as the test runs. */
export async function signalRClient(
  version: 10 | 8 | 6,
  base: string,
  token: string,
  { transport = 'WebSockets', messagePack = false }: { transport?: SignalRTransport; messagePack?: boolean } = {},
): Promise<Client> {
  const { signalR, MessagePackHubProtocol } = await signalRPackage(version);
  let builder = new signalR.HubConnectionBuilder()
    .withUrl(`${base}/hubs/notifications`, {
      accessTokenFactory: () => token,
      transport: signalR.HttpTransportType[transport],
    })
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 100 })
    .configureLogging(signalR.LogLevel.None);
  if (messagePack) builder = builder.withHubProtocol(new MessagePackHubProtocol());
  const connection = builder.build();
  const name = `signalr ${version} ${transport} ${messagePack ? 'MessagePack' : 'JSON'}`;
  let losses = 0;
  connection.onreconnecting(() => {
    losses += 1;
  });
  const client = watch(name, connection, () => losses);
  await connection.start();
  return client;
}

// All versions share the part of the API that is used here; their type declarations are nominally apart.
async function signalRPackage(
  version: 10 | 8 | 6,
): Promise<{ signalR: typeof signalR10; MessagePackHubProtocol: typeof MessagePack10 }> {
  if (version === 10) return { signalR: signalR10, MessagePackHubProtocol: MessagePack10 };
  const signalR = (await import(`signalr-${version}`)) as typeof signalR10;
  const { MessagePackHubProtocol } = (await import(`signalr-msgpack-${version}`)) as {
    MessagePackHubProtocol: typeof MessagePack10;
  };
  return { signalR, MessagePackHubProtocol };
}

/** ASP.NET Core 2's client, which negotiates version 0. It has no automatic reconnect. */
export async function aspNetClient(base: string, token: string): Promise<Client> {
  const { HubConnectionBuilder, HttpTransportType, LogLevel } = await import('@aspnet/signalr');
  const connection = new HubConnectionBuilder()
    .withUrl(`${base}/hubs/notifications`, {
      accessTokenFactory: () => token,
      transport: HttpTransportType.WebSockets,
    })
    .configureLogging(LogLevel.None)
    .build();
  const client = watch('@aspnet/signalr 1.1.4', connection as unknown as HubConnectionLike, () => 0);
  await connection.start();
  return client;
}

function watch(name: string, connection: HubConnectionLike, losses: () => number): Client {
  const received: NotificationDto[] = [];
  let closes = 0;
  connection.on('ReceiveNotification', (...args) => {
    if (args.length !== 1 || !args[0]) throw new Error(`${name} was called with ${args.length} arguments`);
    received.push(args[0]);
  });
  connection.onclose(() => {
    closes += 1;
  });
  return {
    name,
    received,
    losses: () => losses() + closes,
    connected: () => connection.state === 'Connected' || connection.state === 1,
    [Symbol.asyncDispose]: () => connection.stop(),
  };
}

export async function socketIoClient(
  base: string,
  token: string,
  transports: ('websocket' | 'polling')[] = ['websocket'],
): Promise<Client> {
  const socket = io(base, {
    auth: { token },
    transports,
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 100,
    retries: 0,
  });
  const received: NotificationDto[] = [];
  let losses = 0;
  socket.on('ReceiveNotification', (...args: NotificationDto[]) => {
    if (args.length !== 1 || !args[0]) throw new Error(`socket.io was called with ${args.length} arguments`);
    received.push(args[0]);
  });
  socket.on('disconnect', () => {
    losses += 1;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    name: `socket.io ${transports.join('+')}`,
    received,
    losses: () => losses,
    connected: () => socket.connected,
    async [Symbol.asyncDispose]() {
      socket.close();
    },
  };
}
