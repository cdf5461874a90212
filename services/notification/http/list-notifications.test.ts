import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseCursor } from '#shared/contract/cursor.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { startTestNotification } from '../notification.fixture.ts';
import { connectMongoNotificationStore } from '../store/mongo-notification-store.ts';
import { newUser, notification } from '../store/notification-store.fixture.ts';
import type { NotificationStore } from '../store/notification-store.ts';
import { openSqliteNotificationStore } from '../store/sqlite-notification-store.ts';

const log = createLogger({ name: 'test', level: 'silent' });

type Comes = { left: number };

/** Somebody writes to the user's stream in so many readings, each between its rows and its count. */
function busy(store: NotificationStore, user: UserId, comes: Comes): NotificationStore {
  return new Proxy(store, {
    get: (target, name: keyof NotificationStore) =>
      name === 'countUnread'
        ? async () => {
            comes.left -= 1;
            if (comes.left >= 0) await target.append(notification(user, { entityId: `other-${comes.left}` }));
            return target.countUnread(user);
          }
        : target[name].bind(target),
  });
}

function describeList(open: () => Promise<NotificationStore>): void {
  it.each(['', '?grouped=true'])(
    'counts the unread ones as of the rows that it shows, whatever comes in between: %s',
    async (query) => {
      const alice = newUser();
      const store = await open();
      await store.append(notification(alice));
      await using service = await startTestNotification({ store: busy(store, alice, { left: 2 }) });
      const { body } = await service.as(alice, 'GET', `/api/notifications${query}`);
      expect([(body.items ?? body.groups).length, body.unreadCount]).toEqual([3, 3]);
    },
  );

  it('says up to which change it counts, and that it cannot tell while the stream never stands still', async () => {
    const alice = newUser();
    const store = await open();
    const { row } = await store.append(notification(alice));
    await store.append(notification(alice));
    await store.change(alice, row.id, 'read');
    const comes: Comes = { left: 0 };
    await using service = await startTestNotification({ store: busy(store, alice, comes) });
    const cursorIn = async (readings: number) => {
      comes.left = readings;
      const { body } = await service.as(alice, 'GET', '/api/notifications?page=2');
      const { body: feed } = await service.as(alice, 'GET', '/api/notifications/feed');
      return [body.unreadCount, body.cursor && parseCursor(body.cursor), parseCursor(feed.head)];
    };
    const [unread, cursor, head] = await cursorIn(0);
    expect([unread, cursor?.seq]).toEqual([1, 3]);
    expect(cursor).toEqual(head);
    expect((await cursorIn(3))[1]).toBeNull();
    expect((await cursorIn(2))[1]).toMatchObject({ seq: 8 });
  });
}

describe('the list on SQLite', () => {
  describeList(async () => openSqliteNotificationStore({ file: ':memory:', clock, log }));
});

describeOnServers('mongodb', 'the list on MongoDB', (url) => {
  describeList(async () => {
    const database = `sonixy_test_${randomBytes(6).toString('hex')}`;
    return connectMongoNotificationStore({ url: await url(), database, clock, log, patienceMs: 30_000 });
  });
});
