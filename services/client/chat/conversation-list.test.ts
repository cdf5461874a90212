import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationDto } from '../../shared/contract/chat-dto.ts';
import type { ConversationId } from '../../shared/contract/ids.ts';
import {
  type ConversationList,
  noConversations,
  sortedConversations,
  withConversation,
  withLatest,
  withLatestDeleted,
  withoutToken,
  withRead,
  withSync,
} from './conversation-list.ts';
import {
  type Act,
  alice,
  bob,
  conversationId,
  message,
  SimulatedConversation,
} from './simulated-conversation.fixture.ts';

const conversation = (change: Partial<ConversationDto> = {}): ConversationDto => ({
  ...new SimulatedConversation().dto(),
  cursor: 'e.5',
  number: 5,
  participants: [alice, bob].map((userId) => ({
    userId,
    joinedAt: '2026-01-01T00:00:00.000Z',
    displayName: null,
    avatarUrl: null,
    role: 'member',
    readThrough: 0,
  })),
  ...change,
});
const synced = (conversations: ConversationDto[], more = false, left: ConversationId[] = []) => ({
  token: 't',
  conversations,
  left,
  more,
  reload: false,
});
const listOf = (...conversations: ConversationDto[]) => withSync(noConversations, synced(conversations));
const row = (list: ConversationList) => list.rows.get(conversationId);

describe('a list of conversations', () => {
  it('counts what comes, and what the user reads anywhere', () => {
    const list = withLatest(listOf(conversation({ readThrough: 5 })), message(6));
    expect(row(list)).toMatchObject({ unreadCount: 1, lastMessageContent: 'message 6', number: 6 });
    const read = withRead(list, { conversationId, userId: alice, readThrough: 6 }, alice);
    expect(row(read)?.unreadCount).toBe(0);
    expect(row(withRead(read, { conversationId, userId: alice, readThrough: 2 }, alice))?.unreadCount).toBe(0);
  });

  it('takes from a push nothing of what is the user’s', () => {
    const list = withConversation(
      listOf(conversation({ readThrough: 5 })),
      conversation({ name: 'new', cursor: 'e.6' }),
      'shared',
    );
    expect(row(list)).toMatchObject({ name: 'new', readThrough: 5, unreadCount: 0 });
  });

  it('takes no older name, and no older last message', () => {
    const list = listOf(conversation({ cursor: 'e.9', name: 'new' }));
    expect(row(withConversation(list, conversation({ cursor: 'e.8', name: 'old' }), 'shared'))?.name).toBe('new');
    const edited = withLatest(list, message(5, { seq: 11, content: 'edited' }));
    expect(row(withLatest(edited, message(5, { seq: 10, content: 'before' })))?.lastMessageContent).toBe('edited');
    expect(row(withLatest(edited, message(4, { seq: 12 })))?.lastMessageContent).toBe('edited');
  });

  it('knows who has read how far, and forgets nothing of it', () => {
    const read = withRead(listOf(conversation()), { conversationId, userId: bob, readThrough: 4 }, alice);
    const told = withConversation(read, conversation({ cursor: 'e.7' }), 'shared');
    expect(row(told)?.participants.map(({ readThrough }) => readThrough)).toEqual([0, 4]);
    expect(row(told)?.readThrough).toBe(0);
  });

  it('misses what it cannot know until a state from there on is told', () => {
    const renamed = message(6, { system: { action: 'renamed', name: 'x' } });
    const list = withLatest(listOf(conversation()), renamed);
    expect([...list.missed]).toEqual([[conversationId, 6]]);
    expect(withConversation(list, conversation({ cursor: 'e.5' }), 'shared').missed.size).toBe(1);
    expect(withConversation(list, conversation({ cursor: 'e.6', number: 6 }), 'shared').missed.size).toBe(0);
    expect(withLatest(noConversations, message(1)).missed.size).toBe(1);
    expect(withConversation(noConversations, conversation(), 'shared').missed.size).toBe(1);
  });

  it('misses what came while a sync was on its way, until the next one', () => {
    const asked = withLatest(listOf(conversation()), message(6, { system: { action: 'left' } }));
    const later = withLatest(asked, message(7, { system: { action: 'left' } }));
    const told = withSync(later, synced([conversation({ cursor: 'e.6', number: 6 })]), asked.missed);
    expect([...told.missed]).toEqual([[conversationId, 7]]);
    expect(withSync(told, synced([])).missed.size).toBe(0);
  });

  it('loses the words of a last message that is gone, and asks for those before', () => {
    const gone = withLatestDeleted(listOf(conversation()), { id: 'id-5', conversationId, seq: 6, number: 5 });
    expect(row(gone)?.lastMessageContent).toBeNull();
    expect(gone.missed.size).toBe(1);
  });

  it('loses those that the user left, and those that a whole sync does not tell any more', () => {
    const other = conversation({ id: 'b'.repeat(24) as ConversationId });
    const list = listOf(conversation(), other);
    expect([...withSync(list, synced([], false, [conversationId])).rows.keys()]).toEqual([other.id]);
    const begun = withSync(withoutToken(list), synced([conversation()], true));
    expect(begun.rows.size).toBe(2);
    expect([...withSync(begun, synced([])).rows.keys()]).toEqual([conversationId]);
  });

  it('takes the answer of another life as it is', () => {
    const list = listOf(conversation({ cursor: 'e.9', number: 9, readThrough: 9 }));
    const restored = withSync(list, synced([conversation({ cursor: 'f.2', number: 2, readThrough: 1 })]));
    expect(row(restored)).toMatchObject({ number: 2, readThrough: 1, unreadCount: 1 });
  });

  it('puts the youngest message first', () => {
    const other = conversation({ id: 'b'.repeat(24) as ConversationId, lastMessageAt: '2026-05-01T00:00:00.000Z' });
    expect(sortedConversations(listOf(conversation(), other)).map(({ id }) => id)).toEqual([other.id, conversationId]);
  });
});

const act = fc.record({
  kind: fc.constantFrom('send', 'send', 'edit') satisfies fc.Arbitrary<Act['kind']>,
  at: fc.nat(30),
});

it('whatever order messages and states come in, the last message and the count are those of the server', () => {
  fc.assert(
    fc.property(
      fc.array(act, { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      (acts, picks) => {
        const server = new SimulatedConversation();
        const first = listOf(server.dto());
        const tellings = acts.flatMap((each) => {
          const { message: row } = server.act(each);
          const dto = server.dto();
          return [
            (list: ConversationList) => ('content' in row ? withLatest(list, row) : list),
            (list: ConversationList) => withConversation(list, dto, 'shared'),
          ];
        });
        const order = [...picks.map((pick) => tellings[pick % tellings.length]), ...tellings.toReversed()];
        const list = order.reduce((before, tell) => tell?.(before) ?? before, first);
        const { number, lastMessageContent, unreadCount, cursor } = server.dto();
        expect(row(list)).toMatchObject({ number, lastMessageContent, unreadCount, cursor });
        expect(list.missed.size).toBe(0);
      },
    ),
    { numRuns: 1000 },
  );
});
