import { PlatformError } from '#shared/contract/errors.ts';
import { asConversationId, type UserId } from '#shared/contract/ids.ts';
import type { ConversationView } from '../domain/conversation.ts';
import type { ChatRow } from '../domain/message-row.ts';
import type { ChatStore } from '../store/chat-store.ts';

/** The same for what does not exist and for what is none of the caller's business. */
export function noConversation(): PlatformError {
  return new PlatformError('not_found', 'there is no such conversation');
}

export function noMessage(): PlatformError {
  return new PlatformError('not_found', 'there is no such message');
}

export function noParticipant(): PlatformError {
  return new PlatformError('not_found', 'there is no such participant');
}

/** @throws PlatformError `not_found` unless the user is in it now */
export async function viewOf(store: ChatStore, id: string, user: UserId): Promise<ConversationView> {
  const conversation = asConversationId(id);
  const view = conversation && (await store.view(conversation, user));
  if (!view) throw noConversation();
  return view;
}

/** @throws PlatformError `not_found` unless the user is in its conversation now */
export async function messageOf(
  store: ChatStore,
  id: string,
  user: UserId,
): Promise<{ readonly row: ChatRow; readonly view: ConversationView }> {
  const row = await store.message(id);
  const view = row && (await store.view(row.conversationId, user));
  if (!row || !view) throw noMessage();
  return { row, view };
}

/** @throws PlatformError `forbidden` */
export function allow(allowed: boolean, refusal: string): void {
  if (!allowed) throw new PlatformError('forbidden', refusal);
}
