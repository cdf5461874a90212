import type { MessageChange, MessageDto, MessageFeed } from '../../shared/contract/chat-dto.ts';
import { parseCursor } from '../../shared/contract/cursor.ts';
import { RestError } from '../rest/rest-error.ts';
import { SignedOutError } from '../rest/token-source.ts';
import { cursorOf, hasGap, isAtHead } from '../stream/stream-place.ts';
import { StreamReader } from '../stream/stream-reader.ts';
import type { ConversationHost } from './conversation-state.ts';
import {
  hasMessages,
  type MessageList,
  messagesFrom,
  noMessages,
  withMessageChange,
  withMessageFeed,
  withMessagePage,
} from './message-list.ts';

export type LoadedMessagesOptions = {
  readonly id: string;
  readonly host: ConversationHost;
  /** Nothing is read while it is not. */
  readonly isOpen: () => boolean;
  readonly changed: () => void;
};

const pageSize = 50;
const feedLimit = 200;
/** Who missed more changes than this is shown the newest page anew. */
const tooFar = 500;

function isFar({ cursor, head }: MessageFeed): boolean {
  return (parseCursor(head)?.seq ?? 0) - (parseCursor(cursor)?.seq ?? 0) > tooFar;
}

/** The loaded part of a conversation, kept true while it is open: drops what it has, fetches what it misses. */
export class LoadedMessages {
  readonly #options: LoadedMessagesOptions;
  readonly #reader: StreamReader;
  #list: MessageList = noMessages;
  #loadingMore = false;
  /** The server said so by a push; `#refused`: by refusing to answer. */
  #left = false;
  #refused = false;
  #fault: unknown;

  constructor(options: LoadedMessagesOptions) {
    this.#options = options;
    const { host, isOpen } = options;
    this.#reader = new StreamReader({
      clock: host.clock,
      misses: () => hasMessages(this.#list) && hasGap(this.#list),
      mayRead: () => isOpen() && !this.isGone && host.isRunning(),
      read: () => this.#readMissing(),
      done: (error) => this.#done(error),
    });
  }

  get list(): MessageList {
    return this.#list;
  }

  get loadingMore(): boolean {
    return this.#loadingMore;
  }

  /** The user is not in it, or not any more. */
  get isGone(): boolean {
    return this.#left || this.#refused;
  }

  /** The latest failure to read; undefined once reading works again. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Something may have been missed. */
  read(): void {
    if (this.#options.isOpen()) void this.#reader.read();
  }

  /** Lengthens the loaded part. A failure is in `fault`. */
  async loadMore(): Promise<void> {
    if (this.#loadingMore || !this.#list.hasMore) return;
    const { changed } = this.#options;
    this.#loadingMore = true;
    changed();
    try {
      await this.#readPage();
      this.#fault = undefined;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#loadingMore = false;
      changed();
    }
  }

  /** A message of this conversation came. */
  take(change: MessageChange): void {
    if (!this.#options.isOpen() || !this.#list.position) return;
    this.#list = withMessageChange(this.#list, change);
    this.#reader.noticed();
    this.#options.changed();
  }

  /** The hub said where the stream is. */
  headIs(cursor: string, reload: boolean): void {
    if (reload) this.#list = messagesFrom(cursor);
    if (!(hasMessages(this.#list) && isAtHead(this.#list, cursor))) this.read();
  }

  /** The user entered or left it. */
  membership(isIn: boolean): void {
    if (this.isGone !== isIn) return;
    this.#left = !isIn;
    this.#refused = false;
    if (isIn) this.#list = noMessages;
    this.#options.changed();
    if (isIn) this.read();
  }

  pause(): void {
    this.#reader.pause();
  }

  async #readMissing(): Promise<void> {
    const { id, host, changed } = this.#options;
    if (!hasMessages(this.#list)) return this.#load();
    for (let cursor = cursorOf(this.#list); cursor !== undefined; ) {
      const { position } = this.#list;
      const feed = await host.api.feed(id, cursor, feedLimit);
      // Begun anew meanwhile.
      if (this.#list.position?.epoch !== position?.epoch) return this.#readMissing();
      // The hub still follows the old life: what it sends would be taken for rows of the new one, and stay.
      const isOther = feed.reload && parseCursor(feed.head)?.epoch !== position?.epoch;
      if (isOther && host.beganAnew()) return;
      if (feed.reload || isFar(feed)) {
        this.#list = messagesFrom(feed.head);
        return this.#load();
      }
      this.#list = withMessageFeed(this.#list, feed);
      this.#settleSent();
      changed();
      if (feed.cursor === feed.head || feed.cursor === cursor) return;
      cursor = feed.cursor;
    }
  }

  async #load(): Promise<void> {
    if (!this.#list.position) {
      const cursor = await this.#options.host.startCursor(this.#options.id);
      if (!this.#list.position) this.#list = messagesFrom(cursor);
    }
    await this.#readPage();
  }

  async #readPage(): Promise<void> {
    const { id, host, changed } = this.#options;
    const { position, floor } = this.#list;
    const before = Number.isFinite(floor) ? floor : undefined;
    const page: readonly MessageDto[] = await host.api.messages(id, { before, limit: pageSize });
    // Begun anew meanwhile: this page belongs to another life.
    if (this.#list.position?.epoch !== position?.epoch || this.#list.floor !== floor) return;
    this.#list = withMessagePage(this.#list, page, pageSize);
    this.#settleSent();
    this.#reader.noticed();
    changed();
  }

  /** What the server shows has arrived, whatever became of its answer. */
  #settleSent(): void {
    const { id, host } = this.#options;
    const pending = host.queue.of(id);
    if (pending.length === 0) return;
    const me = host.me();
    const mine = [...this.#list.rows.values()].filter(({ senderId }) => senderId === me);
    const arrived = new Set(mine.map(({ clientMessageId }) => clientMessageId));
    for (const { message } of pending) {
      if (arrived.has(message.clientMessageId)) host.queue.settle(message.clientMessageId);
    }
  }

  #done(error: unknown): 'final' | undefined {
    if (error === undefined) {
      this.#fault = undefined;
      this.#refused = false;
    } else this.#failed(error);
    this.#options.changed();
    return this.isGone || error instanceof SignedOutError ? 'final' : undefined;
  }

  #failed(error: unknown): void {
    this.#fault = error;
    if (error instanceof RestError && (error.status === 404 || error.status === 403)) this.#refused = true;
    if (error instanceof SignedOutError) this.#options.host.signedOut(error);
  }
}
