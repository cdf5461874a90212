import { parseCursor } from '../../shared/contract/cursor.ts';
import { clientMethods, serverMethods } from '../../shared/contract/names.ts';
import type { NotificationDto, SubscribeAnswer } from '../../shared/contract/notification-dto.ts';
import type { Backoff } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import type { LiveConnection, OpenLive } from '../live/live-connection.ts';
import { type ConnectionStatus, LiveLoop } from '../live/live-loop.ts';
import { SignedOutError, type TokenSource } from '../rest/token-source.ts';
import { cursorOf, hasGap } from '../stream/stream-place.ts';
import { StreamReader } from '../stream/stream-reader.ts';
import type { NotificationApi } from './notification-api.ts';
import { readNotificationCall } from './notification-calls.ts';
import {
  continues,
  emptyList,
  isBehind,
  isLoaded,
  listFrom,
  type Merged,
  type NotificationList,
  withAction,
  withAllRead,
  withChange,
  withFeed,
  withPage,
} from './notification-list.ts';
import { parseSubscribeAnswer } from './parse-notifications.ts';

export type NotificationClientState = {
  readonly connection: ConnectionStatus;
  readonly list: NotificationList;
  /** The latest failure to read the list; undefined once reading works again. */
  readonly fault: unknown;
  readonly loadingMore: boolean;
};

export type NotificationClientOptions = {
  readonly baseUrl: string;
  readonly open: OpenLive;
  readonly api: NotificationApi;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  /** @default between 250 ms and 30 s, full jitter, forever */
  readonly backoff?: Backoff | undefined;
  /** Rows that are new to this client, oldest first; none for what was there before its first connection. */
  readonly arrived?: ((rows: readonly NotificationDto[]) => void) | undefined;
};

/** `from`: the cursor that was asked with. */
type Subscribed = SubscribeAnswer & { readonly from: string | null };

const pageSize = 20;
const feedLimit = 200;

/**
 * One user's notifications, kept true: subscribes first and reads after, drops what it has, fetches what it misses, and
 * reconnects forever. It ends by `stop`, or by itself when the token is at its end.
 */
export class NotificationClient {
  readonly #options: NotificationClientOptions;
  readonly #loop: LiveLoop<Subscribed>;
  readonly #reader: StreamReader;
  readonly #listeners = new Set<() => void>();
  #state: NotificationClientState = {
    connection: { state: 'connecting' },
    list: emptyList,
    fault: undefined,
    loadingMore: false,
  };

  constructor(options: NotificationClientOptions) {
    this.#options = options;
    this.#loop = new LiveLoop({
      ...options,
      hub: 'notifications',
      owner: {
        status: (connection) => this.#set({ connection }),
        called: (method, args) => this.#called(method, args),
        subscribe: (live) => this.#subscribe(live),
        subscribed: (answer) => this.#subscribed(answer),
        lost: () => this.#reader.pause(),
      },
    });
    this.#reader = new StreamReader({
      clock: options.clock,
      misses: () => misses(this.#state.list),
      mayRead: () => this.#state.connection.state === 'connected',
      read: () => this.#readMissing(),
      done: (error) => this.#read(error),
    });
  }

  get state(): NotificationClientState {
    return this.#state;
  }

  /** Calls `listener` after every change of `state`; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#loop.start();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Tries at once instead of waiting: the network is back, or somebody asked for it. */
  retryNow(): void {
    this.#loop.retryNow();
  }

  /** The device slept or changed its network: see `LiveLoop.wake`. */
  wake(): void {
    this.#loop.wake();
  }

  /** Lengthens the loaded part of the history. A failure is in `state.fault`. */
  async loadMore(): Promise<void> {
    if (this.#state.loadingMore || !this.#state.list.hasMore) return;
    this.#set({ loadingMore: true });
    try {
      const loaded = [...this.#state.list.rows.values()].filter(
        (row) => row.number >= this.#state.list.floor && !row.archived,
      ).length;
      await this.#readPage(Math.floor(loaded / pageSize) + 1);
      this.#set({ fault: undefined });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#set({ loadingMore: false });
    }
  }

  /** Each rejects as the REST call does and changes nothing then. */
  async markRead(id: string): Promise<void> {
    await this.#act(this.#options.api.markRead(id), (list) => withAction(list, id, 'read'));
  }

  async archive(id: string): Promise<void> {
    await this.#act(this.#options.api.archive(id), (list) => withAction(list, id, 'archive'));
  }

  async unarchive(id: string): Promise<void> {
    await this.#act(this.#options.api.unarchive(id), (list) => withAction(list, id, 'unarchive'));
  }

  async remove(id: string): Promise<void> {
    await this.#act(this.#options.api.remove(id), (list) => withAction(list, id, 'remove'));
  }

  async markAllRead(): Promise<void> {
    const { newest } = this.#state.list;
    await this.#act(this.#options.api.markAllRead(), (list) => withAllRead(list, newest));
  }

  async #act(call: Promise<unknown>, taken: (list: NotificationList) => NotificationList): Promise<void> {
    const { position } = this.#state.list;
    await call;
    // Said of another life: its numbers are others, and what holds in this one comes with its rows.
    if (this.#state.list.position?.epoch === position?.epoch) this.#set({ list: taken(this.#state.list) });
  }

  #called(method: string, args: readonly unknown[]): void {
    const change = readNotificationCall(method, args);
    if (change) this.#take(withChange(this.#state.list, change), method === clientMethods.receiveNotification);
  }

  async #subscribe(live: LiveConnection): Promise<Subscribed> {
    const from = cursorOf(this.#state.list) ?? null;
    return { from, ...parseSubscribeAnswer(await live.call(serverMethods.subscribe, from)) };
  }

  #subscribed({ from, cursor, reload }: Subscribed): void {
    if (from === null || reload) this.#set({ list: listFrom(cursor) });
    void this.#reader.read();
  }

  #take({ list, arrived }: Merged, isNew = false): void {
    this.#set({ list });
    // Before the first page any row looks new.
    if (arrived.length > 0 && (isNew || isLoaded(this.#state.list))) this.#options.arrived?.(arrived);
    this.#reader.noticed();
  }

  #read(error: unknown): 'final' | undefined {
    if (error === undefined) this.#set({ fault: undefined });
    else this.#failed(error);
    return error instanceof SignedOutError ? 'final' : undefined;
  }

  async #readMissing(): Promise<void> {
    const { api } = this.#options;
    for (let cursor = cursorOf(this.#state.list); cursor !== undefined && isLoaded(this.#state.list); ) {
      const { position } = this.#state.list;
      const feed = await api.feed(cursor, feedLimit);
      // Begun anew meanwhile.
      if (this.#state.list.position?.epoch !== position?.epoch) return this.#readMissing();
      if (feed.reload) {
        // The hub still follows the old life: what it sends would be taken for rows of the new one, and stay.
        const isOther = parseCursor(feed.head)?.epoch !== position?.epoch;
        if (isOther && this.#loop.restart('the list began anew')) return;
        this.#set({ list: listFrom(feed.head) });
        break;
      }
      this.#take(withFeed(this.#state.list, feed));
      if (feed.cursor === feed.head || feed.cursor === cursor) break;
      cursor = feed.cursor;
    }
    if (!isLoaded(this.#state.list) || !this.#state.list.unread.certain) await this.#readPage(1);
  }

  async #readPage(index: number): Promise<void> {
    const { api } = this.#options;
    let before = this.#state.list;
    let page = await api.page(index, pageSize);
    if (!continues(this.#state.list, page, index)) {
      await this.#readPage(index - 1);
      before = this.#state.list;
      page = await api.page(index, pageSize);
    }
    this.#set({ list: withPage(this.#state.list, page, this.#state.list.rows === before.rows) });
    this.#reader.noticed();
  }

  #failed(error: unknown): void {
    if (error instanceof SignedOutError) this.#loop.signOut(error.message);
    else this.#set({ fault: error });
  }

  #set(change: Partial<NotificationClientState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function misses(list: NotificationList): boolean {
  return isLoaded(list) && (hasGap(list) || isBehind(list) || !list.unread.certain);
}
