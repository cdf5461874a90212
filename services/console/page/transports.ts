import type { OpenLive } from '../../client/index.ts';
import { signalRLive } from '../../client/signalr.ts';
import { socketIoLive } from '../../client/socket-io.ts';

export type TransportId = keyof typeof transports;

export const transports = {
  'signalr-websocket': { name: 'SignalR', detail: 'WebSocket', open: () => signalRLive('WebSockets') },
  'signalr-sse': { name: 'SignalR', detail: 'server-sent events', open: () => signalRLive('ServerSentEvents') },
  'signalr-polling': { name: 'SignalR', detail: 'long polling', open: () => signalRLive('LongPolling') },
  'socket-io': {
    name: 'socket.io',
    detail: 'polling, then WebSocket',
    open: () => socketIoLive({ transports: ['polling', 'websocket'] }),
  },
} as const satisfies Record<string, { name: string; detail: string; open: () => OpenLive }>;

const key = 'sonixy.transport';

export function isTransportId(text: string | null): text is TransportId {
  return text !== null && Object.hasOwn(transports, text);
}

export function storedTransport(): TransportId {
  const stored = localStorage.getItem(key);
  return isTransportId(stored) ? stored : 'signalr-websocket';
}

export function storeTransport(id: TransportId): void {
  localStorage.setItem(key, id);
}
