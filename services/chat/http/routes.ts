import { deleteMessage, editMessage } from './change-message.ts';
import { createConversation } from './create-conversation.ts';
import { listConversations } from './list-conversations.ts';
import { listMessages } from './list-messages.ts';
import { markRead } from './mark-read.ts';
import { readConversation, renameConversation } from './one-conversation.ts';
import { addParticipants, listParticipants, removeParticipant, setParticipantRole } from './participants.ts';
import { readFeed } from './read-feed.ts';
import type { Route } from './route.ts';
import { sendMessage } from './send-message.ts';
import { sync } from './sync.ts';

/** Every public route. */
export const routes: readonly Route[] = [
  createConversation,
  listConversations,
  readConversation,
  renameConversation,
  listParticipants,
  addParticipants,
  removeParticipant,
  setParticipantRole,
  sendMessage,
  editMessage,
  deleteMessage,
  listMessages,
  markRead,
  readFeed,
  sync,
];
