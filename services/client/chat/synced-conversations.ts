import { formatCursor, parseCursor } from '../../shared/contract/cursor.ts';
import type { Clock } from '../clock.ts';
import { SignedOutError } from '../rest/token-source.ts';
import { StreamReader } from '../stream/stream-reader.ts';
import type { ChatApi } from './chat-api.ts';
import type { Conversation } from './conversation.ts';
import { type ConversationList, noConversations, withoutToken, withSync } from './conversation-list.ts';

export type SyncedConversationsOptions = {
  readonly api: Pick<ChatApi, 'sync' | 'conversation'>;
  readonly clock: Clock;
  /** false after the client's end: nothing is read any more. */
  readonly isRunning: () => boolean;
  /** One that somebody has asked for. */
  readonly find: (id: string) => Conversation | undefined;
  readonly changed: () => void;
  readonly signedOut: (error: SignedOutError) => void;
  /** The store has another life: a live connection follows the old one. false: there is none, so reading is enough. */
  readonly beganAnew: () => boolean;
};

/** The list of a user's conversations, kept true by reading what moved since the last answer. */
export class SyncedConversations {
  readonly #options: SyncedConversationsOptions;
  readonly #reader: StreamReader;
  #list: ConversationList = noConversations;
  #fault: unknown;
  #subscriptions = 0;
  /** During which subscription the token of the list was given out. */
  #tokenSince = 0;

  constructor(options: SyncedConversationsOptions) {
    this.#options = options;
    this.#reader = new StreamReader({
      clock: options.clock,
      misses: () => this.#list.missed.size > 0,
      mayRead: options.isRunning,
      read: () => this.#sync(),
      done: (error) => this.#done(error),
    });
  }

  get list(): ConversationList {
    return this.#list;
  }

  /** The latest failure to read; undefined once reading works again. */
  get fault(): unknown {
    return this.#fault;
  }

  /** What came tells more than the list had. */
  set(list: ConversationList): void {
    const { find, changed } = this.#options;
    const before = this.#list;
    this.#list = list;
    for (const [id, row] of list.rows) if (before.rows.get(id) !== row) find(id)?.refresh();
    this.#reader.noticed();
    changed();
  }

  /** Something may have been missed. */
  read(): void {
    void this.#reader.read();
  }

  /** There is another live connection: what was missed before is read. */
  subscribed(): void {
    this.#subscriptions += 1;
    this.read();
  }

  pause(): void {
    this.#reader.pause();
  }

  /** What was told to `from` may be further than the list's last answer, and a place that is further is read from sooner. */
  async startCursor(id: string): Promise<string> {
    const row = this.#list.rows.get(id);
    const place = row && parseCursor(row.cursor);
    if (!row || !place) return (await this.#options.api.conversation(id)).cursor;
    return formatCursor({ epoch: place.epoch, seq: Math.max(place.seq, row.latestSeq) });
  }

  async #sync(): Promise<void> {
    const { api, find, beganAnew } = this.#options;
    const { missed } = this.#list;
    const since = this.#subscriptions;
    for (;;) {
      const answer = await api.sync(this.#list.token);
      if (answer.reload && this.#list.token !== undefined) {
        this.set(withoutToken(this.#list));
        // A token of an earlier connection says nothing about the life that this one follows.
        if (this.#tokenSince === this.#subscriptions && beganAnew()) return;
        continue;
      }
      const before = this.#list;
      this.set(withSync(before, answer, missed));
      this.#tokenSince = since;
      for (const id of before.rows.keys()) {
        if (!this.#list.rows.has(id)) find(id)?.membership(false);
      }
      for (const { id, cursor } of answer.conversations) {
        const conversation = find(id);
        // Of his coming back no push may have told.
        conversation?.membership(true);
        conversation?.headIs(cursor, false);
      }
      if (!answer.more) return;
    }
  }

  #done(error: unknown): 'final' | undefined {
    this.#fault = error;
    this.#options.changed();
    if (!(error instanceof SignedOutError)) return undefined;
    this.#options.signedOut(error);
    return 'final';
  }
}
