import type { MessageDto } from '../shared/contract/chat-dto.ts';
import type { NotificationDto } from '../shared/contract/notification-dto.ts';
import type { Backoff } from './backoff.ts';
import { type ChatApi, createChatApi } from './chat/chat-api.ts';
import { ChatClient } from './chat/chat-client.ts';
import { memoryOutgoingStore, type OutgoingStore } from './chat/outgoing-store.ts';
import { type Clock, systemClock } from './clock.ts';
import { LiveEndedError, type OpenLive } from './live/live-connection.ts';
import { sharedLive, tabParts } from './live/shared-live.ts';
import { watchWakes } from './live/wakes.ts';
import { createNotificationApi, type NotificationApi } from './notifications/notification-api.ts';
import { NotificationClient } from './notifications/notification-client.ts';
import { createRestCall } from './rest/rest-call.ts';
import { calledTokens, claimsOf, givenToken, type TokenSource } from './rest/token-source.ts';

export type ConnectOptions = {
  /** Origin of the API and the hubs, such as `https://realtime.example`. */
  readonly url: string;
  /** Where the hubs have an origin of their own. @default url */
  readonly hubUrl?: string;
  /** An access token; a function that gets one, called again before it expires and after a 401; or a source of one's own. */
  readonly token: string | (() => string | Promise<string>) | TokenSource;
  /** Each needs its package beside this one: `@microsoft/signalr` or `socket.io-client`. @default 'signalr' */
  readonly transport?: 'signalr' | 'socket.io' | OpenLive;
  /**
   * One connection for all tabs of a user, where the browser can; elsewhere each has its own. A text: only with tabs that
   * give the same one, for those that choose their transport. @default false
   */
  readonly shareTabs?: boolean | string;
  /** Where messages wait that are not sent yet. @default in memory */
  readonly outgoing?: OutgoingStore;
  /** Whose token it is. @default what the token says */
  readonly user?: string;
  /** Notifications that are new to this client, oldest first. */
  readonly onNotifications?: (rows: readonly NotificationDto[]) => void;
  /** Each new message that is pushed, own ones included. */
  readonly onMessage?: (message: MessageDto) => void;
  /** @default the global fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** @default the system's */
  readonly clock?: Clock;
  /** Between connections. @default between 250 ms and 30 s, full jitter, forever */
  readonly backoff?: Backoff;
};

export type RealtimeClient = {
  /** Begins to connect when it is first touched, as `chat`. */
  readonly notifications: NotificationClient;
  readonly chat: ChatClient;
  readonly api: { readonly notifications: NotificationApi; readonly chat: ChatApi };
  /** Tries at once instead of waiting. */
  retryNow(): void;
  /** Ends everything for good. What is not sent yet stays in the store. */
  close(): void;
};

/** A client that keeps itself connected and complete until `close`. Connects to what is used: notifications, chat or both. */
export function connect(options: ConnectOptions): RealtimeClient {
  const { clock = systemClock, backoff } = options;
  const baseUrl = options.url.replace(/\/+$/, '');
  const hubUrl = (options.hubUrl ?? baseUrl).replace(/\/+$/, '');
  const identity = identified(toTokenSource(options.token, clock), options.user);
  const { tokens } = identity;
  const rest = createRestCall({ baseUrl, tokens, fetch: options.fetch });
  const api = { notifications: createNotificationApi(rest), chat: createChatApi(rest) };
  const shared = {
    baseUrl: hubUrl,
    open: toShared(toOpenLive(options.transport ?? 'signalr'), options, clock),
    tokens,
    clock,
    backoff,
  };
  let closed = false;
  const parts: { retryNow(): void; wake(): void; stop(): void }[] = [];
  const started = <Part extends { start(): void; retryNow(): void; wake(): void; stop(): void }>(part: Part): Part => {
    parts.push(part);
    if (!closed) part.start();
    return part;
  };
  const notifications = once(() =>
    started(new NotificationClient({ ...shared, api: api.notifications, arrived: options.onNotifications })),
  );
  const chat = once(() =>
    started(
      new ChatClient({
        ...shared,
        api: api.chat,
        outgoing: options.outgoing ?? memoryOutgoingStore(),
        me: identity.user,
        arrived: options.onMessage,
      }),
    ),
  );
  const endWakes = watchWakes(clock, () => {
    for (const part of parts) part.wake();
  });
  return {
    get notifications() {
      return notifications();
    },
    get chat() {
      return chat();
    },
    api,
    retryNow() {
      for (const part of parts) part.retryNow();
    },
    close() {
      closed = true;
      endWakes();
      for (const part of parts) part.stop();
    },
  };
}

function toTokenSource(token: ConnectOptions['token'], clock: Clock): TokenSource {
  if (typeof token === 'string') return givenToken(token);
  return typeof token === 'function' ? calledTokens(token, clock) : token;
}

/** The same tokens, and whose they are once the first one is there. */
function identified(
  tokens: TokenSource,
  given: string | undefined,
): { tokens: TokenSource; user(): string | undefined } {
  let user = given;
  const noted = (token: string) => {
    user ??= claimsOf(token).user;
    return token;
  };
  return {
    user: () => user,
    tokens: {
      token: async () => noted(await tokens.token()),
      refused: async (token) => noted(await tokens.refused(token)),
    },
  };
}

/** Loads only the library that is used: both are optional. */
function toOpenLive(transport: 'signalr' | 'socket.io' | OpenLive): OpenLive {
  if (typeof transport === 'function') return transport;
  const load =
    transport === 'signalr'
      ? once(async () => (await import('./live/signalr-live.ts')).signalRLive())
      : once(async () => (await import('./live/socket-io-live.ts')).socketIoLive());
  return async (options) => {
    const open = await load().catch((cause: unknown) => {
      const name = transport === 'signalr' ? '@microsoft/signalr' : 'socket.io-client';
      throw new LiveEndedError(`transport '${transport}' needs the package ${name}`, { cause });
    });
    return open(options);
  };
}

function toShared(open: OpenLive, { shareTabs = false }: ConnectOptions, clock: Clock): OpenLive {
  const parts = shareTabs ? tabParts() : undefined;
  return parts ? sharedLive(open, parts, clock, shareTabs === true ? '' : shareTabs || '') : open;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
