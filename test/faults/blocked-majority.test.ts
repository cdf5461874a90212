import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestChat, type TestChat } from '#services/chat/chat.fixture.ts';
import type { ChatStore } from '#services/chat/store/chat-store.ts';
import { connectMongoChatStore } from '#services/chat/store/mongo-chat-store.ts';
import { connectMongoNotificationStore } from '#services/notification/store/mongo-notification-store.ts';
import { newUser, notification } from '#services/notification/store/notification-store.fixture.ts';
import type { NotificationStore } from '#services/notification/store/notification-store.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { type MajorityGate, startMajorityGate } from './majority-gate.ts';

const log = createLogger({ name: 'test', level: 'silent' });

/** What a primary says that lost its followers, on the wire; the election that follows is MongoDB's own. */
describeWithServer('mongodev', 'a store whose majority does not confirm', () => {
  const parts = new AsyncDisposableStack();
  let gate: MajorityGate;
  let store: ChatStore;
  let notifications: NotificationStore;
  let chat: TestChat;

  beforeAll(async () => {
    const mongo = parts.use(await startMongoDev());
    gate = parts.use(await startMajorityGate(mongo.port));
    const url = mongo.url.replace(`:${mongo.port}`, `:${gate.port}`);
    const database = `sonixy_test_${randomBytes(6).toString('hex')}`;
    store = connectMongoChatStore({ url, database, clock: systemClock, log });
    parts.defer(() => store.close());
    notifications = connectMongoNotificationStore({ url, database, clock: systemClock, log });
    parts.defer(() => notifications.close());
    chat = parts.use(await startTestChat({ store, limits: { sweepEveryMs: 600_000 } }));
  });
  beforeEach(() => gate.unblock());
  afterAll(() => parts.disposeAsync());

  it('is not answered for: no 201 and no 200, until it confirms, and then once', { timeout: 120_000 }, async () => {
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const opened = await alice.post('/api/chat/conversations', { type: 1, participantIds: [bob.id], name: 'group' });
    expect(opened.status).toBe(201);
    const { id } = opened.body;
    const body = { conversationId: id, content: 'first', type: 0, clientMessageId: 'first' };
    const first = await alice.post('/api/chat/messages', body);
    expect(first.status).toBe(201);

    const later = { ...body, content: 'later', clientMessageId: 'later' };
    const calls = [
      () => alice.post('/api/chat/messages', later),
      () => alice.put(`/api/chat/messages/${first.body.id}`, { content: 'edited' }),
      () => alice.put(`/api/chat/conversations/${id}`, { name: 'renamed' }),
      () => alice.delete(`/api/chat/conversations/${id}/participants/${bob.id}`),
      () => alice.post('/api/chat/conversations', { type: 1, participantIds: [bob.id], name: 'another' }),
    ];
    gate.block();
    const refused = await Promise.all(calls.map((call) => call()));
    expect(refused.map(({ status, body: { code } }) => [status, code])).toEqual(calls.map(() => [503, 'unavailable']));
    gate.unblock();
    const again = await alice.post('/api/chat/messages', later);
    expect(again.status).toBe(201);
    const { body: list } = await alice.get(`/api/chat/conversations/${id}/messages`);
    expect(list.filter(({ content }: { content: string }) => content === 'later')).toHaveLength(1);
  });

  it('is not answered for either in notifications', { timeout: 120_000 }, async () => {
    const asked = notification(newUser());
    gate.block({ unseen: true });
    await expect(notifications.append(asked)).rejects.toMatchObject({ code: 'unavailable' });
    gate.unblock();
    expect(await notifications.append(asked)).toMatchObject({ row: { number: 1 } });
  });

  it('is asked for by every write, and every read asks for what it has confirmed', () => {
    const of = (...names: string[]) => gate.seen.filter(({ name }) => names.includes(name));
    expect(of('insert', 'update', 'findAndModify').length).toBeGreaterThan(10);
    expect(of('find').length).toBeGreaterThan(10);
    // These neither read nor write documents.
    const others = new Set(['hello', 'ping', 'createIndexes', 'endSessions', 'getMore', 'killCursors']);
    const careless = gate.seen.filter(({ name, majority }) => !majority && !others.has(name));
    expect(careless.map(({ name }) => name)).toEqual([]);
  });
});
