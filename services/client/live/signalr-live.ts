import { HttpTransportType, type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { clientMethods, hubPaths } from '../../shared/contract/names.ts';
import { LiveRefusedError, type OpenLive } from './live-connection.ts';

export type SignalRTransport = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

const names: Record<SignalRTransport, string> = {
  WebSockets: 'WebSocket',
  ServerSentEvents: 'server-sent events',
  LongPolling: 'long polling',
};

/** SignalR by the stock client, over one named transport. */
export function signalRLive(transport: SignalRTransport = 'WebSockets'): OpenLive {
  return async ({ baseUrl, hub: hubName, token, signal, handlers }) => {
    let comeBack = false;
    const hub = new HubConnectionBuilder()
      .withUrl(`${baseUrl}${hubPaths[hubName]}`, {
        accessTokenFactory: token,
        transport: HttpTransportType[transport],
        withCredentials: false,
      })
      // Never used: the stock client asks it only where the server did not say to stay away, and tells that by nothing else.
      .withAutomaticReconnect({
        nextRetryDelayInMilliseconds() {
          comeBack = true;
          return null;
        },
      })
      .configureLogging(LogLevel.None)
      .build();
    for (const method of Object.values(clientMethods)) {
      hub.on(method, (...args: unknown[]) => handlers.called(method, args));
    }
    let closing = false;
    hub.onclose((error) => {
      if (!closing) handlers.closed(error?.message ?? 'the server closed the connection', comeBack);
    });
    const abort = () => void hub.stop().catch(() => undefined);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await start(hub);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    handlers.transport(`SignalR · ${names[transport]}`);
    return {
      call: (method, ...args) => hub.invoke(method, ...args),
      tell: (method, ...args) => void hub.send(method, ...args).catch(() => undefined),
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
