import type { SubscribeChatAnswer } from '#shared/contract/chat-dto.ts';
import { formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { asConversationId, type ConversationId } from '#shared/contract/ids.ts';
import { maxInternalBatch } from '#shared/contract/internal-calls.ts';
import type { ConversationEntry } from './conversation-entry.ts';

/** What the client has of each conversation. */
export type SubscribedCursors = ReadonlyMap<ConversationId, string | null>;

const longestCursor = 128;

/** Of the argument of `SubscribeChat`. What can be no conversation's id is left out. @throws PlatformError `bad_request` */
export function parseCursors(sent: unknown): SubscribedCursors {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    throw new PlatformError('bad_request', 'cursors must be an object of conversation ids');
  }
  const entries = Object.entries(sent);
  if (entries.length > maxInternalBatch) {
    throw new PlatformError('bad_request', `at most ${maxInternalBatch} conversations a call, got ${entries.length}`);
  }
  const cursors = new Map<ConversationId, string | null>();
  for (const [key, cursor] of entries) {
    if (cursor !== null && (typeof cursor !== 'string' || cursor.length > longestCursor)) {
      throw new PlatformError('bad_request', 'each cursor must be a string or null');
    }
    const conversation = asConversationId(key);
    if (conversation) cursors.set(conversation, cursor);
  }
  return cursors;
}

/** undefined for a text that can be no id: it is ignored as a foreign one is. @throws PlatformError `bad_request` for anything else */
export function parseConversation(sent: unknown): ConversationId | undefined {
  if (typeof sent !== 'string') throw new PlatformError('bad_request', 'a conversation id must be a string');
  return asConversationId(sent);
}

/** undefined while the place of one of them is not known. */
export function toSubscribeChatAnswer(
  entries: readonly ConversationEntry[],
  cursors: SubscribedCursors,
): SubscribeChatAnswer | undefined {
  const conversations: Record<string, { cursor: string; reload: boolean }> = {};
  for (const { conversation, handedOn } of entries) {
    if (!handedOn) return undefined;
    const sent = cursors.get(conversation) ?? null;
    const epoch = sent === null ? handedOn.epoch : parseCursor(sent)?.epoch;
    conversations[conversation] = { cursor: formatCursor(handedOn), reload: epoch !== handedOn.epoch };
  }
  return { conversations };
}
