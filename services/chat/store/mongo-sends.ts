import { PlatformError } from '#shared/contract/errors.ts';
import type { Sent } from './chat-store.ts';
import type { MongoDatabase } from './mongo-database.ts';
import type { MongoHeads } from './mongo-heads.ts';
import type { MongoRows } from './mongo-rows.ts';
import { type StoredConversation, toConversation } from './stored-conversation.ts';
import { type Draft, headOf, newRow, refusalOfKnown, type StoredMessage, toChatRow } from './stored-message.ts';

type Stored = { readonly row: StoredMessage; readonly created: boolean };

/**
 * Sends to one conversation: plan from the head, insert in order under the unique keys, look again after a clash, then
 * move the conversation's head. Dies anywhere: what is inserted is pending, and the same send again finds it by its key.
 */
export class MongoSends {
  readonly #database: MongoDatabase;
  readonly #rows: MongoRows;
  readonly #heads: MongoHeads;

  constructor(database: MongoDatabase, rows: MongoRows, heads: MongoHeads) {
    this.#database = database;
    this.#rows = rows;
    this.#heads = heads;
  }

  /** In the order of the drafts; an error is the answer to its draft alone. */
  async write(conversation: string, drafts: readonly Draft[]): Promise<(Sent | PlatformError)[]> {
    const stored = new Map<string, Stored>();
    const pending = new Map<string, Draft>();
    for (const draft of drafts) if (!pending.has(draft.SendKey)) pending.set(draft.SendKey, draft);
    let tried = false;
    const after = await this.#database.attempt(async () => {
      if (tried) await this.#takeStored(pending, stored);
      tried = true;
      if (pending.size > 0 && !(await this.#insert(conversation, pending, stored))) return undefined;
      return await this.#advance(stored);
    });
    if (!after) return drafts.map(() => new PlatformError('not_found', 'unknown conversation'));
    return drafts.map((draft) => answerTo(draft, stored.get(draft.SendKey), after));
  }

  /** false: there is no such conversation. */
  async #insert(conversation: string, pending: Map<string, Draft>, stored: Map<string, Stored>): Promise<boolean> {
    let head = await this.#rows.head(conversation);
    if (head.seq === 0) return false;
    const rows = [...pending.values()].map((draft) => {
      const row = newRow(draft, head);
      head = headOf(row);
      return row;
    });
    await this.#rows.insert(rows);
    for (const row of rows) stored.set(row.SendKey, { row, created: true });
    pending.clear();
    return true;
  }

  /** Moves from `pending` to `stored` what the collection holds by now, through this call or another. */
  async #takeStored(pending: Map<string, Draft>, stored: Map<string, Stored>): Promise<void> {
    if (pending.size === 0) return;
    for (const row of await this.#rows.findStored([...pending.values()])) {
      stored.set(row.SendKey, { row, created: row.Id === pending.get(row.SendKey)?.Id });
      pending.delete(row.SendKey);
    }
  }

  /** One that was found may be left by a writer that died before it moved the head. */
  async #advance(stored: ReadonlyMap<string, Stored>): Promise<ReadonlyMap<string, StoredConversation>> {
    const newest = new Map<string, Stored>();
    for (const entry of stored.values()) {
      const known = newest.get(entry.row.ConversationId);
      if (!known || known.row.Seq < entry.row.Seq) newest.set(entry.row.ConversationId, entry);
    }
    const conversations = new Map<string, StoredConversation>();
    for (const [id, { row, created }] of newest) {
      conversations.set(id, await this.#heads.advance(row, created ? 'new' : 'changed'));
    }
    return conversations;
  }
}

function answerTo(
  draft: Draft,
  stored: Stored | undefined,
  conversations: ReadonlyMap<string, StoredConversation>,
): Sent | PlatformError {
  const conversation = stored && conversations.get(stored.row.ConversationId);
  if (!stored || !conversation) throw new PlatformError('internal', 'a message was neither written nor found');
  const created = stored.created && stored.row.Id === draft.Id;
  return (
    (created ? undefined : refusalOfKnown(stored.row, draft)) ?? {
      row: toChatRow(stored.row),
      created,
      conversation: toConversation(conversation),
    }
  );
}
