import { randomUUID } from 'node:crypto';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { TestClock } from '#shared/store/two-instances.fixture.ts';
import type { ChatRow } from '../domain/message-row.ts';
import type { ChatStore, NewMessage } from './chat-store.ts';

/** Somebody whom no other test knows. */
export function newUser(name = 'alice'): UserId {
  return `${name}-${randomUUID()}` as UserId;
}

export function message(
  conversationId: ConversationId,
  senderId: UserId,
  content: Partial<NewMessage> = {},
): NewMessage {
  return {
    conversationId,
    senderId,
    content: 'hello',
    type: 'text',
    system: null,
    clientMessageId: null,
    bodyHash: 'hash',
    ...content,
  };
}

/** A group of people whom no other test knows; its first row has seq and number 1. */
export async function newGroup(store: ChatStore, people: readonly string[] = ['alice', 'bob', 'carol']) {
  const users = people.map((name) => newUser(name));
  const [creator, ...others] = users;
  if (!creator) throw new Error('a group needs somebody');
  const { view } = await store.createConversation({ type: 'group', creator, others, name: 'The group' });
  return { id: view.conversation.id, users, alice: user(users, 0), bob: user(users, 1), carol: user(users, 2) };
}

function user(users: readonly UserId[], index: number): UserId {
  return users[index] ?? ('nobody' as UserId);
}

export async function sendMany(
  store: ChatStore,
  id: ConversationId,
  sender: UserId,
  count: number,
): Promise<ChatRow[]> {
  const sent = await Promise.all(
    times(count, (index) => store.send(message(id, sender, { content: `text ${index}` }))),
  );
  return sent.map(({ row }) => row);
}

/** All rows in their latest state, read page by page. */
export async function readAll(store: ChatStore, id: ConversationId): Promise<ChatRow[]> {
  const rows: ChatRow[] = [];
  for (let through = 0; ; ) {
    const feed = await store.changes(id, through, 200);
    rows.push(...feed.rows);
    through = feed.through;
    if (through >= feed.head.seq) return rows;
  }
}

/** One database or file of a suite's own. */
export interface StoreUnderTest extends AsyncDisposable {
  /** Rows and writers in the tests about many of them: `small` for slow servers. */
  readonly scale: 'full' | 'medium' | 'small';
  /** Another instance on the same data, as another process has it. */
  open(clock: Clock): Promise<ChatStore>;
}

export type { TestClock };

/** Two instances over the same data, and how many is many there. */
export type StoreSuite = {
  readonly data: StoreUnderTest;
  readonly store: ChatStore;
  readonly other: ChatStore;
  readonly clock: TestClock;
  readonly many: number;
};

export const firstViews = { before: undefined, limit: 10 };
export const firstMembers = { after: undefined, limit: 10 };
export const firstChanges = { after: undefined, limit: 10 };
export const newest = { before: undefined, limit: 10 };

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Counts on from the beginning after the last item. */
export function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
