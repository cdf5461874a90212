import { io } from 'socket.io-client';
import { connect } from '#services/client/connect.ts';
import { signalRLive } from '#services/client/live/signalr-live.ts';
import { clientMethods, socketIoPath } from '#shared/contract/names.ts';

/** A client whose connections are cut, and what happened to it. Times are of `performance.now()`. */
export type ShakenClient = Disposable & {
  /** When each message was first displayed, by its content. */
  readonly displayedAt: ReadonlyMap<string, number>;
  /** When connections were there again. */
  readonly connectedAt: readonly number[];
  /** Events beyond the first of a message. */
  readonly duplicates: number;
  ready(): boolean;
  /** What it is doing now, in words. */
  status(): string;
};

export type ShakenOptions = {
  /** Of the network that fails: everything goes through it. */
  readonly url: string;
  readonly token: string;
  readonly conversation: string;
};

/** The SDK with its own settings. Displayed is what stands in the list that an application shows. */
export function shakenSdk({ url, token, conversation: id }: ShakenOptions): ShakenClient {
  const displayedAt = new Map<string, number>();
  const connectedAt: number[] = [];
  const open = signalRLive();
  const client = connect({
    url,
    token,
    transport: async (options) => {
      const live = await open(options);
      connectedAt.push(performance.now());
      return live;
    },
  });
  const conversation = client.chat.conversation(id);
  conversation.open();
  conversation.onChange(() => {
    const now = performance.now();
    for (const { content } of conversation.state.messages) {
      if (!displayedAt.has(content)) displayedAt.set(content, now);
    }
  });
  return {
    displayedAt,
    connectedAt,
    // The list holds a message once by its construction.
    duplicates: 0,
    ready: () => client.chat.state.connection.state === 'connected' && conversation.state.loaded,
    status: () => {
      const { loaded, fault } = conversation.state;
      return JSON.stringify({ ...client.chat.state.connection, loaded, fault: fault && String(fault) });
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** socket.io-client with its own settings, over WebSockets. */
export function shakenStock({ url, token }: ShakenOptions): ShakenClient {
  const displayedAt = new Map<string, number>();
  const connectedAt: number[] = [];
  let duplicates = 0;
  const socket = io(url, { path: socketIoPath, auth: { token }, transports: ['websocket'], forceNew: true });
  socket.on('connect', () => connectedAt.push(performance.now()));
  socket.on(clientMethods.receiveMessage, ({ content }: { content: string }) => {
    if (displayedAt.has(content)) duplicates += 1;
    else displayedAt.set(content, performance.now());
  });
  return {
    displayedAt,
    connectedAt,
    get duplicates() {
      return duplicates;
    },
    ready: () => socket.connected,
    status: () => (socket.connected ? 'connected' : 'not connected'),
    [Symbol.dispose]: () => void socket.disconnect(),
  };
}
