import { describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { overridable, startTestChat } from '../chat.fixture.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { openSqliteChatStore } from '../store/sqlite-chat-store.ts';

const log = createLogger({ name: 'test', level: 'silent' });

/** In the middle of whose next read of rows, members or the conversation somebody is removed and a message is sent. */
type Trap = { armed: { id: ConversationId; user: UserId; by: UserId } | undefined };

function withTrap(store: ChatStore, trap: Trap): ChatStore {
  async function spring(): Promise<void> {
    const { armed } = trap;
    trap.armed = undefined;
    if (!armed) return;
    await store.removeMember(armed.id, armed.by, armed.user);
    await store.send({
      conversationId: armed.id,
      senderId: armed.by,
      content: 'canary-after-the-removal',
      type: 'text',
      system: null,
      clientMessageId: null,
      bodyHash: '',
    });
  }
  return {
    ...overridable(store),
    async list(conversation, page) {
      await spring();
      return store.list(conversation, page);
    },
    async changes(conversation, after, limit) {
      await spring();
      return store.changes(conversation, after, limit);
    },
    async members(conversation, page) {
      await spring();
      return store.members(conversation, page);
    },
  };
}

describe('a member who is removed while his request is read', () => {
  it.each(['messages', 'feed', 'participants'])('gets nothing of %s', async (what) => {
    const trap: Trap = { armed: undefined };
    const store = withTrap(openSqliteChatStore({ file: ':memory:', clock, log }), trap);
    await using chat = await startTestChat({ store, limits: { sweepEveryMs: 600_000 } });
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const { body } = await alice.post('/api/chat/conversations', { type: 1, participantIds: [bob.id] });
    await chat.settled();
    const path = `/api/chat/conversations/${body.id}/${what}`;
    expect((await bob.get(path)).status).toBe(200);
    trap.armed = { id: body.id, user: bob.id, by: alice.id };
    const answer = await bob.get(path);
    expect(trap.armed).toBeUndefined();
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('canary');
    expect((await alice.get(path)).status).toBe(200);
  });
});
