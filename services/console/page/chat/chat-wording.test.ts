import { describe, expect, it } from 'vitest';
import type { SystemMessage } from '#shared/contract/chat-dto.ts';
import type { ConversationRow } from '../../../client/index.ts';
import {
  dayInWords,
  latestInWords,
  listed,
  seenInWords,
  systemInWords,
  titleOf,
  typingInWords,
  unreadOf,
} from './chat-wording.ts';

const names: Record<string, string> = { alice: 'Alice', bob: 'Bob', carol: 'Carol', dave: 'Dave' };
const reader = { me: 'alice', nameOf: (user: string) => names[user] ?? user };

function row(parts: Partial<Record<keyof ConversationRow, unknown>> & { users?: readonly string[] }): ConversationRow {
  const { users = ['alice', 'bob'], ...rest } = parts;
  const participants = users.map((userId) => ({ userId, role: 'member', readThrough: 0 }));
  return { type: 0, name: null, participants, participantCount: users.length, ...rest } as unknown as ConversationRow;
}

describe('a conversation is called', () => {
  it.each([
    ['Bob', row({})],
    ['zoë', row({ users: ['alice', 'zoë'] })],
    ['Only you', row({ users: ['alice'] })],
    ['Night train', row({ type: 1, name: 'Night train' })],
    ['Bob and Carol', row({ type: 1, users: ['alice', 'bob', 'carol'] })],
    ['Bob, Carol, Dave and 2 others', row({ type: 1, users: ['alice', 'bob', 'carol', 'dave', 'e', 'f'] })],
  ])('%s', (title, conversation) => {
    expect(titleOf(conversation, reader)).toBe(title);
  });
});

describe('the latest message is told as', () => {
  const latest = { lastMessageContent: 'hello', lastMessageSenderId: 'bob', lastMessageType: 0 };
  it.each([
    ['hello', {}],
    ['You: hello', { lastMessageSenderId: 'alice' }],
    ['Bob: hello', { type: 1 }],
    ['Image', { lastMessageType: 1 }],
    ['Bob: File', { lastMessageType: 2, type: 1 }],
    ['Bob added 1 person', { lastMessageType: 3, type: 1, lastMessageContent: 'added 1 person' }],
    ['', { lastMessageContent: null }],
  ])('%j', (text, parts) => {
    expect(latestInWords(row({ ...latest, ...parts }), reader)).toBe(text);
  });
});

describe('a system message says', () => {
  it.each<[string, string, SystemMessage]>([
    ['Bob started the conversation', 'bob', { action: 'created' }],
    ['Bob added you and Carol', 'bob', { action: 'added', userIds: ['alice', 'carol'] as never }],
    ['You removed Bob', 'alice', { action: 'removed', userIds: ['bob'] as never }],
    ['Carol left the conversation', 'carol', { action: 'left' }],
    ['You renamed the conversation to “New”', 'alice', { action: 'renamed', name: 'New' }],
    ['Bob made you an admin', 'bob', { action: 'role', userIds: ['alice'] as never, role: 'admin' }],
  ])('%s', (text, senderId, system) => {
    expect(systemInWords({ senderId, content: 'x', system }, reader)).toBe(text);
  });

  it('what the server says where its parts are unknown', () => {
    expect(systemInWords({ senderId: 'bob', content: 'waved', system: null }, reader)).toBe('Bob waved');
  });
});

it('own messages are no news', () => {
  expect(unreadOf({ unreadCount: 3, lastMessageSenderId: 'alice' as never }, reader)).toBe(0);
  expect(unreadOf({ unreadCount: 3, lastMessageSenderId: 'bob' as never }, reader)).toBe(3);
});

it('who has seen it', () => {
  const group = row({ type: 1, users: ['alice', 'bob', 'carol'] });
  expect(seenInWords(['bob'], row({}), reader)).toBe('Seen');
  expect(seenInWords(['bob'], group, reader)).toBe('Seen by Bob');
  expect(seenInWords(['bob', 'carol'], group, reader)).toBe('Seen by everybody');
});

it('who types', () => {
  expect(typingInWords([], reader)).toBe('');
  expect(typingInWords(['bob'], reader)).toBe('Bob is typing…');
  expect(typingInWords(['bob', 'carol'], reader)).toBe('Bob and Carol are typing…');
});

it('a list of names ends', () => {
  expect(listed(['a', 'b', 'c', 'd'])).toBe('a, b, c and d');
  expect(listed(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 others');
});

it.each([
  [0, /^Today$/],
  [1, /^Yesterday$/],
  [2, /^Monday,? 23 November 2026$/],
])('%i days ago is %s', (days, text) => {
  const noon = new Date(2026, 10, 25, 12);
  const then = new Date(2026, 10, 25 - days, 23, 59);
  expect(dayInWords(then.toISOString(), noon.getTime())).toMatch(text);
});
