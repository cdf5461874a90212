import type { Clock } from '#shared/runtime/clock.ts';
import type { DeletedMessageRow, MessageRow } from '../domain/message-row.ts';
import type { Edited } from './chat-store.ts';
import type { MongoDatabase } from './mongo-database.ts';
import type { MongoHeads } from './mongo-heads.ts';
import type { MongoRows } from './mongo-rows.ts';
import { toConversation } from './stored-conversation.ts';
import {
  deletedRow,
  editedRow,
  type StoredHead,
  type StoredMessage,
  toDeletedRow,
  toMessageRow,
} from './stored-message.ts';

type Move<Row> = {
  readonly isDone: (row: StoredMessage) => boolean;
  readonly next: (row: StoredMessage, head: StoredHead, now: number) => StoredMessage;
  /** undefined: the row is none that can be moved so. */
  readonly answer: (row: StoredMessage) => Row | undefined;
};

/** Changes of messages: the row moves to the head, then the conversation's head follows. */
export class MongoChanges {
  readonly #database: MongoDatabase;
  readonly #rows: MongoRows;
  readonly #heads: MongoHeads;
  readonly #clock: Clock;

  constructor(database: MongoDatabase, rows: MongoRows, heads: MongoHeads, clock: Clock) {
    this.#database = database;
    this.#rows = rows;
    this.#heads = heads;
    this.#clock = clock;
  }

  edit(known: StoredMessage, content: string): Promise<Edited<MessageRow> | undefined> {
    return this.#move(known, {
      isDone: (row) => row.Content === content,
      next: (row, head, now) => editedRow(row, content, head, now),
      answer: (row) => (row.Deleted ? undefined : toMessageRow(row)),
    });
  }

  delete(known: StoredMessage): Promise<Edited<DeletedMessageRow> | undefined> {
    return this.#move(known, { isDone: (row) => row.Deleted, next: deletedRow, answer: toDeletedRow });
  }

  #move<Row>({ Id, ConversationId }: StoredMessage, move: Move<Row>): Promise<Edited<Row> | undefined> {
    return this.#database.attempt(async ({ uncertain }) => {
      // The head second: it is no older than the row, and a row that moves meanwhile has left the place that it is moved from.
      const row = await this.#rows.find(Id);
      const head = await this.#rows.head(ConversationId);
      const answer = row && move.answer(row);
      if (!row || !answer) return undefined;
      const done = move.isDone(row);
      const moved = done ? row : move.next(row, head, this.#clock.now());
      if (!done) await this.#rows.move(row, moved);
      const conversation = toConversation(await this.#heads.advance(moved, 'changed'));
      const changed = !done || uncertain;
      return { row: move.answer(moved) ?? answer, changed, conversation, unsent: moved.Unsent };
    });
  }
}
