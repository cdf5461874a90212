import { smallConversation } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { maxRecipientIds } from '#shared/contract/message-event.ts';
import type { Conversation, ConversationView, Member } from '../domain/conversation.ts';
import { type Audience, mayHaveMadeLarge } from '../domain/message-event.ts';
import type { ChatRow } from '../domain/message-row.ts';
import type { ChatStore } from '../store/chat-store.ts';

/** Of a row whose writer knows the conversation as it is after it; `view` is what he saw before. */
export async function audienceOfWritten(
  store: ChatStore,
  row: ChatRow,
  conversation: Conversation,
  view?: ConversationView,
): Promise<Audience> {
  const unmoved = view && !conversation.large && view.conversation.head.members === row.members;
  const members = unmoved ? view.members : await firstMembers(store, conversation.id, smallConversation);
  const isCrossing = mayHaveMadeLarge(row, conversation, false);
  return { conversation, members, recipients: await recipientsOf(store, conversation, members, isCrossing) };
}

/** Of a row that somebody left behind; undefined when nobody is in the conversation any more. */
export async function audienceOfLeftover(store: ChatStore, row: ChatRow): Promise<Audience | undefined> {
  const [first] = await firstMembers(store, row.conversationId, 1);
  const view = first && (await store.view(row.conversationId, first.userId));
  if (!view) return undefined;
  const { conversation, members } = view;
  const isCrossing = mayHaveMadeLarge(row, conversation, true);
  return { conversation, members, recipients: await recipientsOf(store, conversation, members, isCrossing) };
}

async function recipientsOf(
  store: ChatStore,
  { id, large }: Conversation,
  members: readonly Member[],
  isCrossing: boolean,
): Promise<readonly UserId[] | null> {
  if (large && !isCrossing) return null;
  // The longest-standing come first: for them alone workers may know it as a small one still.
  const named = large ? await firstMembers(store, id, maxRecipientIds) : members;
  return named.map(({ userId }) => userId);
}

function firstMembers(store: ChatStore, id: ConversationId, limit: number): Promise<readonly Member[]> {
  return store.members(id, { after: undefined, limit });
}
