import type {
  ConversationDto,
  MembershipChanged,
  MessageChange,
  MessagesRead,
  PresenceChanged,
} from '../../shared/contract/chat-dto.ts';
import { clientMethods } from '../../shared/contract/names.ts';
import {
  parseConversation,
  parseMembership,
  parseMessage,
  parseMessageDeleted,
  parseMessagesRead,
  parsePresence,
} from './parse-chat.ts';

/** What the server calls, in words. */
export type ChatCall =
  /** `isNew`: the server calls it new, not changed. */
  | { readonly kind: 'change'; readonly change: MessageChange; readonly isNew: boolean }
  | { readonly kind: 'conversation'; readonly conversation: ConversationDto }
  | { readonly kind: 'typing'; readonly conversationId: string; readonly userId: string; readonly isTyping: boolean }
  | { readonly kind: 'read'; readonly read: MessagesRead }
  | { readonly kind: 'membership'; readonly membership: MembershipChanged }
  | { readonly kind: 'presence'; readonly presence: PresenceChanged };

const readers: Readonly<Record<string, (first: unknown, second: unknown) => ChatCall | undefined>> = {
  [clientMethods.receiveMessage]: (value) => toMessage(value, true),
  [clientMethods.messageChanged]: (value) => toMessage(value, false),
  [clientMethods.messageDeleted](value) {
    const message = parseMessageDeleted(value);
    return message && { kind: 'change', change: { kind: 'deleted', message }, isNew: false };
  },
  [clientMethods.updateConversation](value) {
    const conversation = parseConversation(value);
    return conversation && { kind: 'conversation', conversation };
  },
  [clientMethods.userTyping]: (conversationId, userId) => toTyping(conversationId, userId, true),
  [clientMethods.userStoppedTyping]: (conversationId, userId) => toTyping(conversationId, userId, false),
  [clientMethods.messagesRead](value) {
    const read = parseMessagesRead(value);
    return read && { kind: 'read', read };
  },
  [clientMethods.membershipChanged](value) {
    const membership = parseMembership(value);
    return membership && { kind: 'membership', membership };
  },
  [clientMethods.presenceChanged](value) {
    const presence = parsePresence(value);
    return presence && { kind: 'presence', presence };
  },
};

/** undefined for other methods and for arguments of another shape. */
export function readChatCall(method: string, [first, second]: readonly unknown[]): ChatCall | undefined {
  return Object.hasOwn(readers, method) ? readers[method]?.(first, second) : undefined;
}

function toMessage(value: unknown, isNew: boolean): ChatCall | undefined {
  const message = parseMessage(value);
  return message && { kind: 'change', change: { kind: 'message', message }, isNew };
}

function toTyping(conversationId: unknown, userId: unknown, isTyping: boolean): ChatCall | undefined {
  if (typeof conversationId !== 'string' || typeof userId !== 'string') return undefined;
  return { kind: 'typing', conversationId, userId, isTyping };
}
