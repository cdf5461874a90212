import type {
  ChatSync,
  ConversationDto,
  MemberRole,
  MessageDto,
  MessageFeed,
  ParticipantDto,
} from '../../shared/contract/chat-dto.ts';
import { every } from '../rest/answers.ts';
import type { RestCall } from '../rest/rest-call.ts';
import type { OutgoingMessage } from './outgoing-store.ts';
import {
  knownConversation,
  knownMessage,
  parseMessageFeed,
  parseMessages,
  parseParticipant,
  parseSync,
} from './parse-chat.ts';

export type NewConversation =
  | { readonly kind: 'private'; readonly with: string }
  | { readonly kind: 'group'; readonly with: readonly string[]; readonly name?: string };

export type ChatApi = {
  /** A private pair has one conversation for ever. */
  createConversation(conversation: NewConversation): Promise<ConversationDto>;
  conversation(id: string): Promise<ConversationDto>;
  rename(id: string, name: string): Promise<ConversationDto>;
  /** The first 500, the longest-standing first. */
  participants(id: string): Promise<readonly ParticipantDto[]>;
  addParticipants(id: string, userIds: readonly string[]): Promise<ConversationDto>;
  /** Oneself: leave. */
  removeParticipant(id: string, userId: string): Promise<void>;
  setRole(id: string, userId: string, role: MemberRole): Promise<void>;
  /** The same `clientMessageId` answers the same message. */
  send(message: Omit<OutgoingMessage, 'createdAt'>): Promise<MessageDto>;
  edit(messageId: string, content: string): Promise<MessageDto>;
  remove(messageId: string): Promise<void>;
  /** Newest first; those with a number below `before`. */
  messages(id: string, page: { readonly before?: number | undefined; readonly limit: number }): Promise<MessageDto[]>;
  feed(id: string, after: string, limit: number): Promise<MessageFeed>;
  /** Everything up to that number is read. Never goes back. */
  markRead(id: string, number: number): Promise<void>;
  /** Without a token: from the beginning. */
  sync(token: string | undefined): Promise<ChatSync>;
};

/** REST of `/api/chat`. Every call rejects as `RestCall` does. */
export function createChatApi(rest: RestCall): ChatApi {
  const of = (id: string) => `/api/chat/conversations/${encodeURIComponent(id)}`;
  const participant = (id: string, userId: string) => `${of(id)}/participants/${encodeURIComponent(userId)}`;
  const message = (id: string) => `/api/chat/messages/${encodeURIComponent(id)}`;
  return {
    createConversation: async (conversation) =>
      knownConversation(await rest('POST', '/api/chat/conversations', bodyOf(conversation))),
    conversation: async (id) => knownConversation(await rest('GET', of(id))),
    rename: async (id, name) => knownConversation(await rest('PUT', of(id), { name })),
    participants: async (id) =>
      every(await rest('GET', `${of(id)}/participants?limit=500`), parseParticipant, 'list of participants'),
    addParticipants: async (id, userIds) =>
      knownConversation(await rest('POST', `${of(id)}/participants`, { userIds })),
    removeParticipant: async (id, userId) => void (await rest('DELETE', participant(id, userId))),
    setRole: async (id, userId, role) => void (await rest('PUT', participant(id, userId), { role })),
    send: async ({ conversationId, content, type, clientMessageId }) =>
      knownMessage(await rest('POST', '/api/chat/messages', { conversationId, content, type, clientMessageId })),
    edit: async (id, content) => knownMessage(await rest('PUT', message(id), { content })),
    remove: async (id) => void (await rest('DELETE', message(id))),
    messages: async (id, { before, limit }) =>
      parseMessages(await rest('GET', `${of(id)}/messages?limit=${limit}${before ? `&before=${before}` : ''}`)),
    feed: async (id, after, limit) =>
      parseMessageFeed(await rest('GET', `${of(id)}/feed?after=${encodeURIComponent(after)}&limit=${limit}`)),
    markRead: async (id, number) => void (await rest('POST', `${of(id)}/read?number=${number}`)),
    sync: async (token) =>
      parseSync(await rest('GET', `/api/chat/sync${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`)),
  };
}

function bodyOf(conversation: NewConversation): object {
  return conversation.kind === 'private'
    ? { type: 0, participantIds: [conversation.with] }
    : {
        type: 1,
        participantIds: conversation.with,
        ...(conversation.name !== undefined && { name: conversation.name }),
      };
}
