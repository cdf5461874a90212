import { type MessageChange, type MessageDto, type MessageFeed, messageTypes } from '../../shared/contract/chat-dto.ts';
import { parseCursor } from '../../shared/contract/cursor.ts';
import { randomId } from '../random-id.ts';
import { RestError } from '../rest/rest-error.ts';
import { SignedOutError } from '../rest/token-source.ts';
import { cursorOf, hasGap, isAtHead } from '../stream/stream-place.ts';
import { StreamReader } from '../stream/stream-reader.ts';
import type { ConversationHost, ConversationState } from './conversation-state.ts';
import {
  hasMessages,
  type MessageList,
  messagesFrom,
  noMessages,
  withMessageChange,
  withMessageFeed,
  withMessagePage,
} from './message-list.ts';
import { ReadMark } from './read-mark.ts';
import { shownMessages } from './shown-messages.ts';
import { OwnTyping } from './typing.ts';

const pageSize = 50;
const feedLimit = 200;
/** Who missed more changes than this is shown the newest page anew. */
const tooFar = 500;

function isFar({ cursor, head }: MessageFeed): boolean {
  return (parseCursor(head)?.seq ?? 0) - (parseCursor(cursor)?.seq ?? 0) > tooFar;
}

/**
 * One conversation's messages, kept true while it is open: drops what it has, fetches what it misses. What was loaded
 * stays when it is closed, and is brought up to date when it is opened again.
 */
export class Conversation {
  readonly id: string;
  readonly #host: ConversationHost;
  readonly #reader: StreamReader;
  readonly #ownTyping: OwnTyping;
  readonly #readMark: ReadMark;
  readonly #listeners = new Set<() => void>();
  #list: MessageList = noMessages;
  #openers = 0;
  #loadingMore = false;
  /** The server said so by a push; `#refused`: by refusing to answer. */
  #left = false;
  #refused = false;
  #fault: unknown;
  #state: ConversationState | undefined;

  constructor(id: string, host: ConversationHost) {
    this.id = id;
    this.#host = host;
    this.#ownTyping = new OwnTyping(host.clock, (isTyping) => host.tellTyping(id, isTyping));
    this.#readMark = new ReadMark(async (number) => {
      await host.api.markRead(id, number);
      host.read(id, number);
    });
    this.#reader = new StreamReader({
      clock: host.clock,
      misses: () => hasMessages(this.#list) && hasGap(this.#list),
      mayRead: () => this.isOpen && !this.#isGone && host.isRunning(),
      read: () => this.#readMissing(),
      done: (error) => this.#done(error),
    });
  }

  get state(): ConversationState {
    this.#state ??= {
      conversation: this.#host.row(this.id),
      messages: shownMessages(this.#list, this.#host.queue.of(this.id), this.#host.me()),
      loaded: hasMessages(this.#list),
      hasMore: this.#list.hasMore,
      loadingMore: this.#loadingMore,
      typing: this.#host.typing(this.id),
      gone: this.#isGone,
      fault: this.#fault,
    };
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#openers > 0;
  }

  /** How far the change feed is in; undefined before the first page is asked for. */
  get cursor(): string | undefined {
    return cursorOf(this.#list);
  }

  /** Calls `listener` after every change of `state`; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Loads and follows it until the returned function is called, once for each call. */
  open(): () => void {
    this.#openers += 1;
    if (this.#openers === 1) void this.#reader.read();
    let closed = false;
    return () => {
      if (closed) return;
      closed = true;
      this.#openers -= 1;
      if (this.#openers === 0) this.pause();
    };
  }

  /** Lengthens the loaded part of the history. A failure is in `state.fault`. */
  async loadMore(): Promise<void> {
    if (this.#loadingMore || !this.#list.hasMore) return;
    this.#loadingMore = true;
    this.#changed();
    try {
      await this.#readPage();
      this.#fault = undefined;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#loadingMore = false;
      this.#changed();
    }
  }

  /** Is in `state.messages` when this returns, and goes out as soon as it can; across restarts where the store can. Answers its key. */
  send(content: string, type: Exclude<(typeof messageTypes)[number], 'system'> = 'text'): string {
    const clientMessageId = randomId();
    this.#ownTyping.stop();
    this.#host.queue.send({
      clientMessageId,
      conversationId: this.id,
      content,
      type: messageTypes.indexOf(type),
      createdAt: new Date(this.#host.clock.now()).toISOString(),
    });
    return clientMessageId;
  }

  /** Tries a message anew that the server has refused. */
  retry(key: string): void {
    this.#host.queue.retry(key);
  }

  /** Forgets a message that is not sent. */
  discard(key: string): void {
    this.#host.queue.discard(key);
  }

  /** Rejects as the REST call does and changes nothing then, as `remove`. */
  async edit(messageId: string, content: string): Promise<void> {
    const message = await this.#host.inOneLife(this.id, () => this.#host.api.edit(messageId, content));
    this.#host.answered({ kind: 'message', message });
  }

  async remove(messageId: string): Promise<void> {
    await this.#host.inOneLife(this.id, () => this.#host.api.remove(messageId));
    // The answer says nothing of its new seq: the push or the feed does.
    if (this.isOpen) void this.#reader.read();
  }

  /** @param number up to which message; default the newest one that is shown. Rejects as the REST call does. */
  async markRead(number = this.#list.newest): Promise<void> {
    return this.#readMark.moveTo(number, this.#host.row(this.id)?.readThrough ?? 0);
  }

  /** Call it with each key: the others are told at most every 3 s, and of the end 5 s after the last one. */
  typing(): void {
    this.#ownTyping.key();
  }

  /** @internal A message of this conversation came. */
  take(change: MessageChange): void {
    if (!this.isOpen || !this.#list.position) return;
    this.#list = withMessageChange(this.#list, change);
    this.#reader.noticed();
    this.#changed();
  }

  /** @internal The hub said where the stream is. */
  headIs(cursor: string, reload: boolean): void {
    if (reload) this.#list = messagesFrom(cursor);
    if (this.isOpen && !(hasMessages(this.#list) && isAtHead(this.#list, cursor))) void this.#reader.read();
  }

  /** @internal Something may have been missed. */
  catchUp(): void {
    if (this.isOpen) void this.#reader.read();
  }

  /** @internal The user entered or left it. */
  membership(isIn: boolean): void {
    if (this.#isGone !== isIn) return;
    this.#left = !isIn;
    this.#refused = false;
    if (isIn) this.#list = noMessages;
    this.#changed();
    if (isIn) this.catchUp();
  }

  /** @internal Its client has ended. */
  pause(): void {
    this.#reader.pause();
    this.#ownTyping.stop();
  }

  /** @internal What the host knows of it is different now. */
  refresh(): void {
    this.#changed();
  }

  get #isGone(): boolean {
    return this.#left || this.#refused;
  }

  async #readMissing(): Promise<void> {
    if (!hasMessages(this.#list)) return this.#load();
    for (let cursor = cursorOf(this.#list); cursor !== undefined; ) {
      const { position } = this.#list;
      const feed = await this.#host.api.feed(this.id, cursor, feedLimit);
      // Begun anew meanwhile.
      if (this.#list.position?.epoch !== position?.epoch) return this.#readMissing();
      // The hub still follows the old life: what it sends would be taken for rows of the new one, and stay.
      const isOther = feed.reload && parseCursor(feed.head)?.epoch !== position?.epoch;
      if (isOther && this.#host.beganAnew()) return;
      if (feed.reload || isFar(feed)) {
        this.#list = messagesFrom(feed.head);
        return this.#load();
      }
      this.#list = withMessageFeed(this.#list, feed);
      this.#settleSent();
      this.#changed();
      if (feed.cursor === feed.head || feed.cursor === cursor) return;
      cursor = feed.cursor;
    }
  }

  async #load(): Promise<void> {
    if (!this.#list.position) {
      const cursor = await this.#host.startCursor(this.id);
      if (!this.#list.position) this.#list = messagesFrom(cursor);
    }
    await this.#readPage();
  }

  async #readPage(): Promise<void> {
    const { position, floor } = this.#list;
    const before = Number.isFinite(floor) ? floor : undefined;
    const page: readonly MessageDto[] = await this.#host.api.messages(this.id, { before, limit: pageSize });
    // Begun anew meanwhile: this page belongs to another life.
    if (this.#list.position?.epoch !== position?.epoch || this.#list.floor !== floor) return;
    this.#list = withMessagePage(this.#list, page, pageSize);
    this.#settleSent();
    this.#reader.noticed();
    this.#changed();
  }

  /** What the server shows has arrived, whatever became of its answer. */
  #settleSent(): void {
    const pending = this.#host.queue.of(this.id);
    if (pending.length === 0) return;
    const me = this.#host.me();
    const mine = [...this.#list.rows.values()].filter(({ senderId }) => senderId === me);
    const arrived = new Set(mine.map(({ clientMessageId }) => clientMessageId));
    for (const { message } of pending) {
      if (arrived.has(message.clientMessageId)) this.#host.queue.settle(message.clientMessageId);
    }
  }

  #done(error: unknown): 'final' | undefined {
    if (error === undefined) {
      this.#fault = undefined;
      this.#refused = false;
    } else this.#failed(error);
    this.#changed();
    return this.#isGone || error instanceof SignedOutError ? 'final' : undefined;
  }

  #failed(error: unknown): void {
    this.#fault = error;
    if (error instanceof RestError && (error.status === 404 || error.status === 403)) this.#refused = true;
    if (error instanceof SignedOutError) this.#host.signedOut(error);
  }

  #changed(): void {
    this.#state = undefined;
    for (const listener of this.#listeners) listener();
  }
}
