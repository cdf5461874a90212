import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { type Backoff, backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { LiveConnection, OpenLive } from './live-connection.ts';
import { LiveRefusedError } from './live-connection.ts';
import type { NotificationApi } from './notification-api.ts';
import {
  continues,
  cursorOf,
  emptyList,
  hasGap,
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
import { SignedOutError, type TokenSource } from './token-source.ts';

export type ConnectionStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected'; readonly transport: string }
  /** `retryAt`: milliseconds since 1970. */
  | { readonly state: 'waiting'; readonly reason: string; readonly attempt: number; readonly retryAt: number }
  | { readonly state: 'signed-out'; readonly reason: string }
  | { readonly state: 'stopped' };

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
  readonly backoff?: Backoff;
  /** Rows that are new to this client, oldest first; none for what was there before its first connection. */
  readonly arrived: (rows: readonly NotificationDto[]) => void;
};

const pageSize = 20;
const feedLimit = 200;
/** How long the hub may take to close a gap by itself. */
const gapPatienceMs = 400;
const readBackoff: Backoff = { baseMs: 1_000, capMs: 30_000 };
const openTimeoutMs = 20_000;
/** A connection that lived this long starts the backoff anew. */
const steadyAfterMs = 5_000;

/**
 * One user's notifications, kept true: subscribes first and reads after, drops what it has, fetches what it misses, and
 * reconnects forever. It ends by `stop`, or by itself when the token is at its end.
 */
export class NotificationClient {
  readonly #options: NotificationClientOptions;
  readonly #backoff: Backoff;
  readonly #listeners = new Set<() => void>();
  #state: NotificationClientState = {
    connection: { state: 'connecting' },
    list: emptyList,
    fault: undefined,
    loadingMore: false,
  };
  #live: LiveConnection | undefined;
  #attempt = 0;
  #retry: Timer | undefined;
  #gap: Timer | undefined;
  #reading = Promise.resolve();
  #faults = 0;
  /** Grows with each connection, so that what belongs to an ended one does nothing. */
  #life = 0;

  constructor(options: NotificationClientOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? { baseMs: 500, capMs: 30_000 };
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
    void this.#connect();
  }

  stop(): void {
    this.#end({ state: 'stopped' });
  }

  /** Tries at once instead of waiting: the network is back, or somebody asked for it. */
  retryNow(): void {
    if (this.#state.connection.state !== 'waiting') return;
    this.#retry?.cancel();
    void this.#connect();
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
    await this.#options.api.markRead(id);
    this.#set({ list: withAction(this.#state.list, id, 'read') });
  }

  async archive(id: string): Promise<void> {
    await this.#options.api.archive(id);
    this.#set({ list: withAction(this.#state.list, id, 'archive') });
  }

  async unarchive(id: string): Promise<void> {
    await this.#options.api.unarchive(id);
    this.#set({ list: withAction(this.#state.list, id, 'unarchive') });
  }

  async remove(id: string): Promise<void> {
    await this.#options.api.remove(id);
    this.#set({ list: withAction(this.#state.list, id, 'remove') });
  }

  async markAllRead(): Promise<void> {
    const { newest } = this.#state.list;
    await this.#options.api.markAllRead();
    this.#set({ list: withAllRead(this.#state.list, newest) });
  }

  async #connect(): Promise<void> {
    const { open, baseUrl, tokens, clock } = this.#options;
    this.#life += 1;
    const life = this.#life;
    const mine = () => life === this.#life;
    if (this.#state.connection.state !== 'waiting') this.#set({ connection: { state: 'connecting' } });
    let token = '';
    const overdue = clock.after(openTimeoutMs, () => mine() && this.#lost('the server does not answer'));
    try {
      const live = await open({
        baseUrl,
        token: async () => {
          token = await tokens.token();
          return token;
        },
        handlers: {
          changed: (change, isNew) => mine() && this.#take(withChange(this.#state.list, change), isNew),
          transport: (transport) => mine() && this.#set({ connection: { state: 'connected', transport } }),
          closed: (reason) => mine() && this.#lost(reason),
        },
      });
      if (!mine()) {
        live.close();
        return;
      }
      this.#live = live;
      const cursor = cursorOf(this.#state.list) ?? null;
      const subscribed = await live.subscribe(cursor);
      overdue.cancel();
      if (!mine()) return;
      if (cursor === null || subscribed.reload) this.#set({ list: listFrom(subscribed.cursor) });
      clock.after(steadyAfterMs, () => {
        if (mine()) this.#attempt = 0;
      });
      await this.#read();
    } catch (error) {
      overdue.cancel();
      if (!mine()) return;
      if (error instanceof LiveRefusedError) await this.#refused(token, error);
      else if (error instanceof SignedOutError) this.#end({ state: 'signed-out', reason: error.message });
      else this.#lost(error instanceof Error ? error.message : String(error));
    }
  }

  async #refused(token: string, error: LiveRefusedError): Promise<void> {
    const life = this.#life;
    try {
      await this.#options.tokens.refused(token);
      if (life === this.#life) this.#lost(error.message);
    } catch (renewal) {
      if (life !== this.#life) return;
      if (renewal instanceof SignedOutError) this.#end({ state: 'signed-out', reason: renewal.message });
      else this.#lost(renewal instanceof Error ? renewal.message : String(renewal));
    }
  }

  #lost(reason: string): void {
    const { clock } = this.#options;
    this.#release();
    const delayMs = backoffMs(this.#attempt, this.#backoff);
    this.#attempt += 1;
    this.#retry = clock.after(delayMs, () => void this.#connect());
    this.#set({ connection: { state: 'waiting', reason, attempt: this.#attempt, retryAt: clock.now() + delayMs } });
  }

  #end(connection: ConnectionStatus): void {
    this.#release();
    this.#set({ connection });
  }

  #release(): void {
    this.#life += 1;
    this.#retry?.cancel();
    this.#gap?.cancel();
    this.#gap = undefined;
    this.#live?.close();
    this.#live = undefined;
  }

  #take({ list, arrived }: Merged, isNew = false): void {
    this.#set({ list });
    // Before the first page any row looks new.
    if (arrived.length > 0 && (isNew || isLoaded(this.#state.list))) this.#options.arrived(arrived);
    if (isLoaded(this.#state.list) && (hasGap(list) || !list.unread.certain)) {
      this.#gap ??= this.#options.clock.after(gapPatienceMs, () => this.#settle());
    }
  }

  #settle(): void {
    this.#gap = undefined;
    const { list, connection } = this.#state;
    if (connection.state !== 'connected' || (!hasGap(list) && list.unread.certain)) return;
    void this.#read();
  }

  /** Reads what is missing, after a reading that is under way: that one may have begun before the subscription. */
  #read(): Promise<void> {
    this.#reading = this.#reading
      .then(() => this.#readMissing())
      .then(
        () => {
          this.#faults = 0;
          this.#set({ fault: undefined });
        },
        (error: unknown) => {
          this.#failed(error);
          this.#gap ??= this.#options.clock.after(backoffMs(this.#faults, readBackoff), () => {
            this.#gap = undefined;
            if (this.#state.connection.state === 'connected') void this.#read();
          });
          this.#faults += 1;
        },
      );
    return this.#reading;
  }

  async #readMissing(): Promise<void> {
    const { api } = this.#options;
    for (let cursor = cursorOf(this.#state.list); cursor !== undefined && isLoaded(this.#state.list); ) {
      const feed = await api.feed(cursor, feedLimit);
      if (feed.reload) {
        this.#set({ list: listFrom(feed.head) });
        break;
      }
      this.#take(withFeed(this.#state.list, feed));
      if (feed.cursor === feed.head || feed.cursor === cursor) break;
      cursor = feed.cursor;
    }
    if (!this.#state.list.unread.certain) await this.#readPage(1);
  }

  async #readPage(index: number): Promise<void> {
    const { api } = this.#options;
    let page = await api.page(index, pageSize);
    if (!continues(this.#state.list, page, index)) {
      await this.#readPage(index - 1);
      page = await api.page(index, pageSize);
    }
    this.#set({ list: withPage(this.#state.list, page) });
  }

  #failed(error: unknown): void {
    if (error instanceof SignedOutError) this.#end({ state: 'signed-out', reason: error.message });
    else this.#set({ fault: error });
  }

  #set(change: Partial<NotificationClientState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
