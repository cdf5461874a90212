import { smallConversation } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { Conversation, ConversationView, Member } from '../domain/conversation.ts';
import { movedBy } from '../domain/membership-news.ts';
import { type Audience, mayHaveMadeLarge } from '../domain/message-event.ts';
import type { ChatRow } from '../domain/message-row.ts';
import type { ChatStore } from '../store/chat-store.ts';

const pageSize = 500;

/** Of a row whose writer knows the conversation as it is after it; `view` is what he saw before. */
export async function audienceOfWritten(
  store: ChatStore,
  row: ChatRow,
  conversation: Conversation,
  view?: ConversationView,
): Promise<Audience> {
  const unmoved = view && !conversation.large && view.conversation.head.members === row.members;
  const members = unmoved ? view.members : await firstMembers(store, conversation.id);
  return { conversation, members, recipients: await recipientsOf(store, row, conversation, members) };
}

/** Of a row that somebody left behind; undefined when nobody is in the conversation any more. */
export async function audienceOfLeftover(store: ChatStore, row: ChatRow): Promise<Audience | undefined> {
  const [first] = await store.members(row.conversationId, { after: undefined, limit: 1 });
  const view = first && (await store.view(row.conversationId, first.userId));
  return view && audienceOfWritten(store, row, view.conversation);
}

async function recipientsOf(
  store: ChatStore,
  row: ChatRow,
  conversation: Conversation,
  members: readonly Member[],
): Promise<readonly UserId[] | null> {
  if (!conversation.large) return members.map(({ userId }) => userId);
  if (!mayHaveMadeLarge(row, conversation)) return null;
  return [...new Set([...(await allMembers(store, conversation.id)), ...movedBy(row)])];
}

function firstMembers(store: ChatStore, id: ConversationId): Promise<readonly Member[]> {
  return store.members(id, { after: undefined, limit: smallConversation });
}

async function allMembers(store: ChatStore, id: ConversationId): Promise<UserId[]> {
  const users: UserId[] = [];
  for (let after: { joinedAt: number; userId: UserId } | undefined; ; ) {
    const page = await store.members(id, { after, limit: pageSize });
    users.push(...page.map(({ userId }) => userId));
    after = page.at(-1);
    if (page.length < pageSize) return users;
  }
}
