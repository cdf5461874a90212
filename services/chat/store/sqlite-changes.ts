import { PlatformError } from '#shared/contract/errors.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { DeletedMessageRow, MessageRow } from '../domain/message-row.ts';
import type { Edited, Sent } from './chat-store.ts';
import type { SqliteConversations } from './sqlite-conversations.ts';
import type { SqliteRows } from './sqlite-rows.ts';
import { storedHead, toConversation } from './stored-conversation.ts';
import {
  type Draft,
  deletedRow,
  editedRow,
  newRow,
  refusalOfKnown,
  type StoredHead,
  type StoredMessage,
  toChatRow,
  toDeletedRow,
  toMessageRow,
} from './stored-message.ts';

/** New and changed messages, inside a write of the caller's: a row and the conversation's head are one transaction. */
export class SqliteChanges {
  readonly #conversations: SqliteConversations;
  readonly #rows: SqliteRows;
  readonly #clock: Clock;

  constructor(conversations: SqliteConversations, rows: SqliteRows, clock: Clock) {
    this.#conversations = conversations;
    this.#rows = rows;
    this.#clock = clock;
  }

  /** An error is the answer: others are written in the same transaction. */
  send(draft: Draft): Sent | PlatformError {
    const conversation = this.#conversations.find(draft.ConversationId);
    if (!conversation) return new PlatformError('not_found', 'unknown conversation');
    const known = this.#rows.findByKey(draft.SendKey);
    if (known) {
      const answer = { row: toChatRow(known), created: false, conversation: toConversation(conversation) };
      return refusalOfKnown(known, draft) ?? answer;
    }
    const row = newRow(draft, storedHead(conversation));
    this.#rows.add(row);
    const next = this.#conversations.advance(conversation, row, this.#clock.now());
    return { row: toChatRow(row), created: true, conversation: toConversation(next) };
  }

  edit(id: string, content: string): Edited<MessageRow> | undefined {
    const row = this.#rows.find(id);
    if (!row || row.Deleted) return undefined;
    const edited = row.Content === content ? row : this.#move(row, (head, now) => editedRow(row, content, head, now));
    return this.#edited(edited, toMessageRow(edited), edited !== row);
  }

  delete(id: string): Edited<DeletedMessageRow> | undefined {
    const row = this.#rows.find(id);
    if (!row) return undefined;
    const deleted = row.Deleted ? row : this.#move(row, (head, now) => deletedRow(row, head, now));
    return this.#edited(deleted, toDeletedRow(deleted), deleted !== row);
  }

  #move(row: StoredMessage, change: (head: StoredHead, now: number) => StoredMessage): StoredMessage {
    const conversation = this.#conversations.find(row.ConversationId);
    if (!conversation) throw new PlatformError('internal', 'the chat store holds a row without a conversation');
    const now = this.#clock.now();
    const moved = change(storedHead(conversation), now);
    this.#rows.move(moved);
    this.#conversations.advance(conversation, moved, now);
    return moved;
  }

  #edited<Row>(stored: StoredMessage, row: Row, changed: boolean): Edited<Row> | undefined {
    const conversation = this.#conversations.find(stored.ConversationId);
    return conversation && { row, changed, conversation: toConversation(conversation), unsent: stored.Unsent };
  }
}
