import type { MessageChange, SubscribeChatAnswer } from '../../shared/contract/chat-dto.ts';
import { parseCursor } from '../../shared/contract/cursor.ts';
import { serverMethods } from '../../shared/contract/names.ts';
import type { LiveConnection } from '../live/live-connection.ts';
import { type ConnectionStatus, LiveLoop } from '../live/live-loop.ts';
import type { NewConversation } from './chat-api.ts';
import { readChatCall } from './chat-calls.ts';
import type { ChatClientOptions, ChatClientState } from './chat-client-state.ts';
import { Conversation } from './conversation.ts';
import {
  sortedConversations,
  withConversation,
  withLatest,
  withLatestDeleted,
  withMissed,
  withoutConversation,
  withRead,
} from './conversation-list.ts';
import { inOneLife } from './in-one-life.ts';
import { parseSubscribeChat } from './parse-chat.ts';
import { Presence } from './presence.ts';
import { SendQueue } from './send-queue.ts';
import { SyncedConversations } from './synced-conversations.ts';
import { TypingNow } from './typing.ts';
import { WatchedPresence } from './watched-presence.ts';

/** What one hub message has room for; conversations beyond them compare heads by reading their feed. */
const maxSubscribed = 200;

/**
 * One user's conversations, kept true: subscribes first and reads after, drops what it has, fetches what it misses, and
 * reconnects forever. It ends by `stop`, or by itself when the token is at its end.
 */
export class ChatClient {
  readonly #options: ChatClientOptions;
  readonly #loop: LiveLoop<SubscribeChatAnswer>;
  readonly #own: SyncedConversations;
  readonly #queue: SendQueue;
  readonly #typing: TypingNow;
  readonly #presence = new Presence(() => this.#changed());
  readonly #watched = new WatchedPresence(this.#presence, () => this.#loop.live);
  readonly #conversations = new Map<string, Conversation>();
  readonly #listeners = new Set<() => void>();
  #connection: ConnectionStatus = { state: 'connecting' };
  #state: ChatClientState | undefined;

  constructor(options: ChatClientOptions) {
    this.#options = options;
    this.#typing = new TypingNow(options.clock, (id) => this.#conversations.get(id)?.refresh());
    this.#queue = new SendQueue({
      store: options.outgoing,
      clock: options.clock,
      backoff: options.sendBackoff,
      post: (message) => this.#inOneLife(message.conversationId, () => options.api.send(message)),
      sent: (message) => this.#take({ kind: 'message', message }),
      changed: (id) => this.#conversations.get(id)?.refresh(),
    });
    this.#own = new SyncedConversations({
      ...options,
      isRunning: () => this.#isRunning,
      find: (id) => this.#conversations.get(id),
      changed: () => this.#changed(),
      signedOut: (error) => this.#loop.signOut(error.message),
      beganAnew: () => this.#beganAnew(),
    });
    this.#loop = new LiveLoop({
      ...options,
      hub: 'chat',
      owner: {
        status: (connection) => {
          this.#connection = connection;
          if (!this.#isRunning) this.#pause();
          this.#changed();
        },
        called: (method, args) => this.#called(method, args),
        subscribe: (live) => this.#subscribe(live),
        subscribed: (answer) => this.#subscribed(answer),
        lost: () => this.#lost(),
      },
    });
  }

  get state(): ChatClientState {
    this.#state ??= {
      connection: this.#connection,
      conversations: sortedConversations(this.#own.list),
      loaded: this.#own.list.loaded,
      presence: this.#presence.states,
      fault: this.#own.fault,
    };
    return this.#state;
  }

  /** Calls `listener` after every change of `state`; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#loop.start();
    // REST works without the hub; after each subscription it is read again.
    this.#own.read();
    void this.#queue.restore();
  }

  stop(): void {
    this.#queue.stop();
    this.#loop.stop();
  }

  /** Tries at once instead of waiting: the network is back, or somebody asked for it. */
  retryNow(): void {
    this.#loop.retryNow();
    this.#queue.wake();
  }

  /** The device slept or changed its network: see `LiveLoop.wake`. */
  wake(): void {
    this.#loop.wake();
    this.#queue.wake();
  }

  /** Always the same one for an id. It follows nothing before its `open`. */
  conversation(id: string): Conversation {
    let conversation = this.#conversations.get(id);
    if (!conversation) {
      conversation = new Conversation(id, {
        api: this.#options.api,
        clock: this.#options.clock,
        queue: this.#queue,
        me: this.#options.me,
        isRunning: () => this.#isRunning,
        row: (of) => this.#own.list.rows.get(of),
        typing: (of) => this.#typing.of(of),
        startCursor: (of) => this.#own.startCursor(of),
        tellTyping: (of, isTyping) =>
          this.#loop.live?.tell(isTyping ? serverMethods.typingStarted : serverMethods.typingStopped, of),
        inOneLife: (of, call) => this.#inOneLife(of, call),
        answered: (change) => this.#take(change),
        read: (of, number) => this.#read(of, number),
        signedOut: (error) => this.#loop.signOut(error.message),
        beganAnew: () => this.#beganAnew(),
      });
      this.#conversations.set(id, conversation);
    }
    return conversation;
  }

  /** Answers the conversation's id: for a private one perhaps that of an old one. Rejects as the REST call does. */
  async create(conversation: NewConversation): Promise<string> {
    const created = await this.#options.api.createConversation(conversation);
    this.#own.set(withConversation(this.#own.list, created, 'own'));
    return created.id;
  }

  /** Rejects as the REST call does, as all below. */
  async rename(id: string, name: string): Promise<void> {
    this.#own.set(withConversation(this.#own.list, await this.#options.api.rename(id, name), 'own'));
  }

  async addParticipants(id: string, userIds: readonly string[]): Promise<void> {
    this.#own.set(withConversation(this.#own.list, await this.#options.api.addParticipants(id, userIds), 'own'));
  }

  async removeParticipant(id: string, userId: string): Promise<void> {
    await this.#options.api.removeParticipant(id, userId);
    if (userId === this.#options.me()) this.#left(id);
    else this.#own.read();
  }

  /** Shows whether these are there, in `state.presence`, until the returned function is called. */
  watchPresence(userIds: readonly string[]): () => void {
    return this.#watched.watch(userIds);
  }

  get #isRunning(): boolean {
    return this.#connection.state !== 'stopped' && this.#connection.state !== 'signed-out';
  }

  get #open(): Conversation[] {
    return [...this.#conversations.values()].filter(({ isOpen }) => isOpen);
  }

  async #subscribe(live: LiveConnection): Promise<SubscribeChatAnswer> {
    const places = this.#open.flatMap(({ id, cursor }) => (cursor === undefined ? [] : [[id, cursor] as const]));
    const asked = Object.fromEntries(places.slice(0, maxSubscribed));
    return parseSubscribeChat(await live.call(serverMethods.subscribeChat, asked));
  }

  #subscribed({ conversations }: SubscribeChatAnswer): void {
    for (const conversation of this.#open) {
      const head = conversations[conversation.id];
      if (head) conversation.headIs(head.cursor, head.reload);
      else conversation.catchUp();
    }
    this.#own.subscribed();
    this.#queue.wake();
    this.#watched.tell();
  }

  #lost(): void {
    this.#typing.clear();
    this.#presence.unknown();
  }

  #inOneLife<T>(id: string, call: () => Promise<T>): Promise<T> {
    const place = () => this.#conversations.get(id)?.cursor ?? this.#own.list.rows.get(id)?.cursor;
    return inOneLife(() => parseCursor(place() ?? '')?.epoch, call);
  }

  #beganAnew(): boolean {
    return this.#loop.restart('the store began anew');
  }

  #pause(): void {
    this.#own.pause();
    for (const conversation of this.#conversations.values()) conversation.pause();
  }

  #called(method: string, args: readonly unknown[]): void {
    const call = readChatCall(method, args);
    if (!call) return;
    switch (call.kind) {
      case 'change':
        this.#take(call.change, call.isNew);
        break;
      case 'conversation':
        this.#own.set(withConversation(this.#own.list, call.conversation, 'shared'));
        break;
      case 'typing':
        if (call.userId === this.#options.me()) break;
        if (call.isTyping) this.#typing.started(call.conversationId, call.userId);
        else this.#typing.stopped(call.conversationId, call.userId);
        break;
      case 'read':
        this.#own.set(withRead(this.#own.list, call.read, this.#options.me()));
        break;
      case 'membership':
        this.#membership(call.membership.conversationId, call.membership.state === 'joined');
        break;
      case 'presence':
        this.#presence.take([call.presence]);
        break;
    }
  }

  #take(change: MessageChange, isNew = false): void {
    const { conversationId } = change.message;
    if (change.kind === 'message') {
      const { message } = change;
      if (message.clientMessageId !== null && message.senderId === this.#options.me()) {
        this.#queue.settle(message.clientMessageId);
      }
      this.#typing.stopped(conversationId, message.senderId);
      if (isNew) this.#options.arrived?.(message);
      this.#own.set(withLatest(this.#own.list, message));
    } else this.#own.set(withLatestDeleted(this.#own.list, change.message));
    this.#conversations.get(conversationId)?.take(change);
  }

  #read(conversationId: string, readThrough: number): void {
    const me = this.#options.me();
    const known = me !== undefined && withRead(this.#own.list, { conversationId, userId: me, readThrough }, me);
    this.#own.set(known || withMissed(this.#own.list, conversationId, 0));
  }

  #membership(id: string, isIn: boolean): void {
    if (isIn) {
      this.#own.set(withMissed(this.#own.list, id, 0));
      this.#conversations.get(id)?.membership(true);
      return;
    }
    this.#left(id);
    // An answer that is on its way may be older than this.
    this.#own.read();
  }

  #left(id: string): void {
    this.#own.set(withoutConversation(this.#own.list, id));
    this.#conversations.get(id)?.membership(false);
  }

  #changed(): void {
    this.#state = undefined;
    for (const listener of this.#listeners) listener();
  }
}
