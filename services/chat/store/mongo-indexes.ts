import type { Db, IndexDescription } from 'mongodb';
import { collections } from '#shared/contract/names.ts';

/** Names are unique in the database: some servers drop an index by its name in every collection. */
export const chatIndexes: Readonly<Record<string, readonly IndexDescription[]>> = {
  [collections.chatConversations]: [
    { name: 'chat_conversations_pair', key: { PairKey: 1 }, unique: true },
    { name: 'chat_conversations_pending', key: { PendingSince: 1 } },
  ],
  [collections.chatMembers]: [
    { name: 'chat_members_list', key: { ConversationId: 1, Present: 1, JoinedAt: 1, UserId: 1 } },
    { name: 'chat_members_rank', key: { ConversationId: 1, Present: 1, Role: -1, JoinedAt: 1, UserId: 1 } },
    { name: 'chat_members_user', key: { UserId: 1, Present: 1, ChangedAt: 1, ConversationId: 1 } },
    { name: 'chat_members_row', key: { ConversationId: 1, PendingRowId: 1 } },
    { name: 'chat_members_pending', key: { PendingSince: 1 } },
  ],
  [collections.chatMessages]: [
    { name: 'chat_message_rows_key', key: { SendKey: 1 }, unique: true },
    { name: 'chat_message_rows_seq', key: { ConversationId: 1, Seq: 1 }, unique: true },
    { name: 'chat_message_rows_number', key: { ConversationId: 1, Number: 1 }, unique: true },
    { name: 'chat_message_rows_trail', key: { ConversationId: 1, Trail: 1 }, unique: true },
    { name: 'chat_message_rows_list', key: { ConversationId: 1, Deleted: 1, Number: 1 } },
    { name: 'chat_message_rows_pending', key: { PendingSince: 1, Seq: 1 } },
    { name: 'chat_message_rows_tombstones', key: { Deleted: 1, UpdatedAt: 1 } },
  ],
};

/** Idempotent, by any number of processes at once. */
export async function ensureIndexes(database: Db): Promise<void> {
  for (const [collection, indexes] of Object.entries(chatIndexes)) {
    await database.collection(collection).createIndexes([...indexes]);
  }
}
