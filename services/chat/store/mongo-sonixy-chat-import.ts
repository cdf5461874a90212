import { type Collection, type Document, ObjectId } from 'mongodb';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { waitingOut } from '#shared/store/waiting-out.ts';
import { MongoDatabase } from './mongo-database.ts';
import { placeId } from './mongo-documents.ts';
import { assembleMongoParts, type MongoParts } from './mongo-parts.ts';
import { parseConversation, parseMessage, parseParticipant, type SonixyDocument } from './mongo-sonixy-chat-rows.ts';
import { type Draft, draftOfSystem, headOf, markElements, newRow, type StoredMessage } from './stored-message.ts';

export type SonixyChatImportOptions = {
  /** Where Sonixy's `conversations`, `messages` and `chat_participants` lie, and ours will. */
  readonly url: string;
  readonly database: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onProgress: (progress: SonixyChatImportResult & { readonly lastId: string }) => void;
  /** Messages between two notes of the place that is reached, in `chat_meta`. @default 500 */
  readonly batchSize?: number;
};

export type SonixyChatImportResult = {
  /** Of this run and earlier ones. */
  readonly conversations: number;
  readonly messages: number;
  /** Messages that an earlier run had stored. */
  readonly known: number;
  /** Not as Sonixy writes them, or of no conversation; their ids are logged. */
  readonly skipped: number;
};

const checkpointName = 'sonixy-import';

/**
 * Copies Sonixy's own chat in the order of its ids, under the same ids and times: conversations with who is in them, then
 * messages, then how far everybody has read. A run that was killed goes on where it was, and a later run takes what has
 * come since; nothing is there twice. A second conversation of one pair goes into the first. No event tells of what is
 * imported: hubs and clients find it in the feeds. Waits out outages.
 */
export async function importSonixyChat(options: SonixyChatImportOptions): Promise<SonixyChatImportResult> {
  const { url, database, clock, log } = options;
  const source = new MongoDatabase({ url, database, log });
  try {
    const run = new SonixyChatImport(source, assembleMongoParts(source, clock), options);
    await run.copyConversations();
    await run.copyMessages();
    await run.copyReadPositions();
    return run.total;
  } finally {
    await source.close();
  }
}

class SonixyChatImport {
  readonly total = { conversations: 0, messages: 0, known: 0, skipped: 0 };
  readonly #source: MongoDatabase;
  readonly #parts: MongoParts;
  readonly #options: SonixyChatImportOptions;
  readonly #batchSize: number;
  /** Sonixy's id → ours, which is another one for a pair's second conversation. */
  readonly #conversations = new Map<string, string>();

  constructor(source: MongoDatabase, parts: MongoParts, options: SonixyChatImportOptions) {
    this.#source = source;
    this.#parts = parts;
    this.#options = options;
    this.#batchSize = options.batchSize ?? 500;
  }

  async copyConversations(): Promise<void> {
    for await (const documents of this.#batches(this.#source.sonixyConversations, undefined)) {
      for (const document of documents) await this.#waitingOut(() => this.#copyConversation(document));
    }
  }

  async #copyConversation(document: SonixyDocument): Promise<void> {
    const sonixyId = document._id.toHexString();
    const participants = await this.#source.sonixyParticipants
      .find<SonixyDocument>({ ConversationId: { $in: [document._id, sonixyId] } })
      .toArray();
    const parsed = participants.map(parseParticipant).filter((participant) => participant !== undefined);
    const begun = parseConversation(document, parsed);
    if (!begun) return this.#skip('conversation', document);
    const stored = await this.#parts.memberships.begin(begun);
    if (stored.PendingRowId !== '') {
      await this.#writeFirstRow(begun.PendingActorId, stored._id.toHexString(), stored.PendingRowId, {
        at: stored.CreatedAt.getTime(),
        members: stored.PendingPlaces.length,
      });
      await this.#parts.tellings.tellOfConversation(stored);
    }
    this.#conversations.set(sonixyId, stored._id.toHexString());
    this.total.conversations += 1;
  }

  /** Before its telling would: with the conversation's time, and published to nobody. */
  async #writeFirstRow(actor: string, conversation: string, id: string, first: { at: number; members: number }) {
    const head = await this.#parts.rows.head(conversation);
    if (head.seq > 0) return;
    const draft = draftOfSystem({
      id,
      conversationId: conversation,
      actor,
      system: { action: 'created' },
      at: first.at,
    });
    await this.#parts.rows.insert([published(newRow(draft, head, first.members))]);
  }

  async copyMessages(): Promise<void> {
    const reached = await this.#waitingOut(() => this.#source.meta.findOne({ _id: checkpointName }));
    const after = reached ? new ObjectId(reached.Value) : undefined;
    for await (const documents of this.#batches(this.#source.sonixyMessages, after)) {
      const drafts = documents.flatMap((document) => this.#draftOf(document));
      for (const [conversation, ofOne] of Map.groupBy(drafts, ({ ConversationId }) => ConversationId)) {
        await this.#waitingOut(() => this.#copyInto(conversation, ofOne));
      }
      const lastId = documents.at(-1)?._id.toHexString() ?? '';
      const note = { $set: { Value: lastId } };
      await this.#waitingOut(() => this.#source.meta.updateOne({ _id: checkpointName }, note, { upsert: true }));
      this.#options.onProgress({ ...this.total, lastId });
    }
  }

  #draftOf(document: SonixyDocument): Draft[] {
    const draft = parseMessage(document);
    const conversation = draft && this.#conversations.get(draft.ConversationId);
    if (draft && conversation) return [{ ...draft, ConversationId: conversation }];
    this.#skip('message', document);
    return [];
  }

  async #copyInto(conversation: string, drafts: readonly Draft[]): Promise<void> {
    const known = new Set((await this.#parts.rows.findStored(drafts)).map(({ Id }) => Id));
    let head = await this.#parts.rows.head(conversation);
    const rows = drafts
      .filter(({ Id }) => !known.has(Id))
      .map((draft) => {
        const row = published(newRow(draft, head));
        head = headOf(row);
        return row;
      });
    if (rows.length > 0) await this.#parts.rows.insert(rows);
    await this.#parts.heads.mend(conversation, head.seq);
    this.total.messages += rows.length;
    this.total.known += known.size;
  }

  async copyReadPositions(): Promise<void> {
    for await (const documents of this.#batches(this.#source.sonixyParticipants, undefined)) {
      for (const document of documents) await this.#waitingOut(() => this.#copyReadPosition(document));
    }
  }

  async #copyReadPosition(document: SonixyDocument): Promise<void> {
    const participant = parseParticipant(document);
    const conversation = participant && this.#conversations.get(participant.conversationId);
    if (!participant?.lastRead || !conversation) return;
    const row = await this.#parts.rows.find(participant.lastRead);
    if (row?.ConversationId !== conversation) return;
    await this.#source.members.updateOne(
      { _id: placeId(conversation, participant.userId), ReadThrough: { $lt: row.Number } },
      { $set: { ReadThrough: row.Number }, $currentDate: { ChangedAt: true } },
    );
  }

  /** Documents with ids as Sonixy makes them, ascending. */
  async *#batches(collection: Collection<Document>, after: ObjectId | undefined): AsyncGenerator<SonixyDocument[]> {
    for (let last = after; ; ) {
      const ids = last ? { $gt: last } : { $gte: new ObjectId('0'.repeat(24)) };
      const documents = await this.#waitingOut(() =>
        collection.find<SonixyDocument>({ _id: ids }).sort({ _id: 1 }).limit(this.#batchSize).toArray(),
      );
      const newest = documents.at(-1);
      if (!newest) return;
      yield documents;
      last = newest._id;
    }
  }

  #skip(kind: 'conversation' | 'message', { _id }: SonixyDocument): void {
    this.total.skipped += 1;
    this.#options.log.warn({ kind, id: _id.toHexString() }, 'skipped: not as Sonixy writes them');
  }

  #waitingOut<T>(call: () => Promise<T>): Promise<T> {
    return waitingOut(this.#options.log, () => this.#source.attempt(call));
  }
}

/** Old news: no event tells of it. */
function published(row: StoredMessage): StoredMessage {
  return { ...row, ...markElements(undefined) };
}
