import { PlatformError } from './errors.ts';

/** A user id as the identity service made it: any well-formed string of 1–256 characters, never interpreted. */
export type UserId = string & { readonly brand: 'UserId' };

/** Name of one ordered log: one user's notifications, or one conversation. */
export type StreamId = string & { readonly brand: 'StreamId' };

export const maxUserIdLength = 256;

export function isUserId(value: unknown): value is UserId {
  // Lone surrogates become one and the same character in a store: two users would share a stream.
  return typeof value === 'string' && value.length > 0 && value.length <= maxUserIdLength && value.isWellFormed();
}

/** @throws PlatformError `bad_request` */
export function parseUserId(value: unknown): UserId {
  if (isUserId(value)) return value;
  throw new PlatformError('bad_request', `user id must be a string of 1–${maxUserIdLength} characters`);
}

/** 24 hex digits, lower case. */
export type ConversationId = string & { readonly brand: 'ConversationId' };

/** undefined for what can be no conversation's id. Letter case does not matter. */
export function asConversationId(value: unknown): ConversationId | undefined {
  if (typeof value !== 'string' || !/^[0-9a-f]{24}$/i.test(value)) return undefined;
  return value.toLowerCase() as ConversationId;
}

const conversationStreamPrefix = 'chat:';

export function conversationStream(conversation: ConversationId): StreamId {
  return `${conversationStreamPrefix}${conversation}` as StreamId;
}

/** The conversation that `stream` is; undefined for any other stream. */
export function conversationOfStream(stream: string): ConversationId | undefined {
  if (!stream.startsWith(conversationStreamPrefix)) return undefined;
  return asConversationId(stream.slice(conversationStreamPrefix.length));
}

const notificationStreamPrefix = 'notifications:';

export function notificationStream(user: UserId): StreamId {
  return `${notificationStreamPrefix}${user}` as StreamId;
}

/** The user whose notifications `stream` holds; undefined for any other stream. */
export function userOfNotificationStream(stream: string): UserId | undefined {
  if (!stream.startsWith(notificationStreamPrefix)) return undefined;
  const user = stream.slice(notificationStreamPrefix.length);
  return isUserId(user) ? user : undefined;
}
