import { HttpTransportType, type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { hubPaths, serverMethods } from '#shared/contract/names.ts';
import { listen } from './live-changes.ts';
import { LiveRefusedError, type OpenLive } from './live-connection.ts';
import { parseSubscribeAnswer } from './parse-answers.ts';

export type SignalRTransport = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

const names: Record<SignalRTransport, string> = {
  WebSockets: 'WebSocket',
  ServerSentEvents: 'server-sent events',
  LongPolling: 'long polling',
};

/** SignalR by the stock client, over one named transport. */
export function signalRLive(transport: SignalRTransport): OpenLive {
  return async ({ baseUrl, token, handlers }) => {
    const hub = new HubConnectionBuilder()
      .withUrl(`${baseUrl}${hubPaths.notifications}`, {
        accessTokenFactory: token,
        transport: HttpTransportType[transport],
        withCredentials: false,
      })
      .configureLogging(LogLevel.None)
      .build();
    listen((method, listener) => hub.on(method, listener), handlers.changed);
    let closing = false;
    hub.onclose((error) => {
      if (!closing) handlers.closed(error?.message ?? 'the server closed the connection');
    });
    await start(hub);
    handlers.transport(`SignalR · ${names[transport]}`);
    return {
      subscribe: async (cursor) => parseSubscribeAnswer(await hub.invoke(serverMethods.subscribe, cursor)),
      close() {
        closing = true;
        hub.stop().catch(() => undefined);
      },
    };
  };
}

async function start(hub: HubConnection): Promise<void> {
  try {
    await hub.start();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // The stock client keeps the status of a refused negotiate in the text only.
    if (/\b401\b/.test(text)) throw new LiveRefusedError(text, { cause: error });
    throw error;
  }
}
