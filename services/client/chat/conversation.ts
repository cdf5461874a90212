import { type MessageChange, messageTypes } from '../../shared/contract/chat-dto.ts';
import { randomId } from '../random-id.ts';
import { cursorOf } from '../stream/stream-place.ts';
import type { ConversationHost, ConversationState } from './conversation-state.ts';
import { LoadedMessages } from './loaded-messages.ts';
import { hasMessages } from './message-list.ts';
import { ReadMark } from './read-mark.ts';
import { shownMessages } from './shown-messages.ts';
import { OwnTyping } from './typing.ts';

/**
 * One conversation, kept true while it is open. What was loaded stays when it is closed, and is brought up to date when it
 * is opened again.
 */
export class Conversation {
  readonly id: string;
  readonly #host: ConversationHost;
  readonly #loaded: LoadedMessages;
  readonly #ownTyping: OwnTyping;
  readonly #readMark: ReadMark;
  readonly #listeners = new Set<() => void>();
  #openers = 0;
  #state: ConversationState | undefined;

  constructor(id: string, host: ConversationHost) {
    this.id = id;
    this.#host = host;
    this.#ownTyping = new OwnTyping(host.clock, (isTyping) => host.tellTyping(id, isTyping));
    this.#readMark = new ReadMark(async (number) => {
      await host.api.markRead(id, number);
      host.read(id, number);
    });
    this.#loaded = new LoadedMessages({ id, host, isOpen: () => this.isOpen, changed: () => this.refresh() });
  }

  get state(): ConversationState {
    const { list, loadingMore, isGone, fault } = this.#loaded;
    this.#state ??= {
      conversation: this.#host.row(this.id),
      messages: shownMessages(list, this.#host.queue.of(this.id), this.#host.me()),
      loaded: hasMessages(list),
      hasMore: list.hasMore,
      loadingMore,
      typing: this.#host.typing(this.id),
      gone: isGone,
      fault,
    };
    return this.#state;
  }

  get isOpen(): boolean {
    return this.#openers > 0;
  }

  /** How far the change feed is in; undefined before the first page is asked for. */
  get cursor(): string | undefined {
    return cursorOf(this.#loaded.list);
  }

  /** Calls `listener` after every change of `state`; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Loads and follows it until the returned function is called, once for each call. */
  open(): () => void {
    this.#openers += 1;
    if (this.#openers === 1) this.#loaded.read();
    let closed = false;
    return () => {
      if (closed) return;
      closed = true;
      this.#openers -= 1;
      if (this.#openers === 0) this.pause();
    };
  }

  /** Lengthens the loaded part of the history. A failure is in `state.fault`. */
  loadMore(): Promise<void> {
    return this.#loaded.loadMore();
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
    this.#loaded.read();
  }

  /** @param number up to which message; default the newest one that is shown. Rejects as the REST call does. */
  async markRead(number = this.#loaded.list.newest): Promise<void> {
    return this.#readMark.moveTo(number, this.#host.row(this.id)?.readThrough ?? 0);
  }

  /** Call it with each key: the others are told at most every 3 s, and of the end 5 s after the last one. */
  typing(): void {
    this.#ownTyping.key();
  }

  /** @internal A message of this conversation came. */
  take(change: MessageChange): void {
    this.#loaded.take(change);
  }

  /** @internal The hub said where the stream is. */
  headIs(cursor: string, reload: boolean): void {
    this.#loaded.headIs(cursor, reload);
  }

  /** @internal Something may have been missed. */
  catchUp(): void {
    this.#loaded.read();
  }

  /** @internal The user entered or left it. */
  membership(isIn: boolean): void {
    this.#loaded.membership(isIn);
  }

  /** @internal Its client has ended. */
  pause(): void {
    this.#loaded.pause();
    this.#ownTyping.stop();
  }

  /** @internal What is known of it is different now. */
  refresh(): void {
    this.#state = undefined;
    for (const listener of this.#listeners) listener();
  }
}
