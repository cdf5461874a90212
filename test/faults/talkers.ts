import { HubConnectionBuilder, HubConnectionState, LogLevel } from '@microsoft/signalr';
import { connect, type RealtimeClient } from '#services/client/connect.ts';
import type { MessageDto } from '#shared/contract/chat-dto.ts';
import type { ChatPlatform } from './chat-platform.ts';

/** What one connection of a stock client was shown, in order, from a connect to the loss of that connection. */
export type Spell = { readonly shown: MessageDto[] };

export type StockClient = AsyncDisposable & {
  readonly name: string;
  readonly spells: readonly Spell[];
  connected(): boolean;
};

const soon = { baseMs: 50, capMs: 1_000 };

export function sdkClient(
  platform: ChatPlatform,
  user: string,
  transport: 'signalr' | 'socket.io',
): RealtimeClient & Disposable {
  const client = connect({ url: platform.url, token: () => platform.token(user), transport, backoff: soon });
  // By their getters: the parts are made when they are touched.
  return Object.assign(Object.create(client) as RealtimeClient, { [Symbol.dispose]: () => client.close() });
}

/** The stock package, with nothing but its own reconnects. */
export async function stockClient(platform: ChatPlatform, user: string, conversation: string): Promise<StockClient> {
  const connection = new HubConnectionBuilder()
    .withUrl(`${platform.url}/hubs/chat`, { accessTokenFactory: () => platform.token(user) })
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 200 })
    .configureLogging(LogLevel.None)
    .build();
  const spells: Spell[] = [{ shown: [] }];
  connection.on('ReceiveMessage', (message: MessageDto) => {
    if (message.conversationId === conversation) spells.at(-1)?.shown.push(message);
  });
  connection.onreconnecting(() => void spells.push({ shown: [] }));
  await connection.start();
  return {
    name: `stock client of ${user}`,
    spells,
    connected: () => connection.state === HubConnectionState.Connected,
    [Symbol.asyncDispose]: () => connection.stop(),
  };
}
