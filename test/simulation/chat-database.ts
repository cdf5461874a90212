import type { ChatStore } from '#services/chat/store/chat-store.ts';
import { openSqliteChatStore } from '#services/chat/store/sqlite-chat-store.ts';
import { silentLog } from './silent.ts';
import type { DatabaseKind } from './simulated-database.ts';

export const chatDatabase: DatabaseKind<ChatStore> = {
  tables: {
    chat_conversations: ['Id'],
    chat_members: ['ConversationId', 'UserId'],
    chat_message_rows: ['Id'],
    chat_meta: ['Name'],
  },
  metaTable: 'chat_meta',
  numbersAbove: 'SELECT Number FROM majorities.chat_message_rows WHERE Number > ?',
  open: (file, clock) => openSqliteChatStore({ file, clock, log: silentLog }),
  reads: [
    'view',
    'views',
    'viewsSince',
    'now',
    'members',
    'membersAmong',
    'memberships',
    'placesSince',
    'message',
    'list',
    'heads',
    'changes',
    'epoch',
    'ping',
  ],
  sweeps: ['leasePending', 'finishMemberships'],
};
