import { expect, it } from 'vitest';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { startTestNotification } from '../notification.fixture.ts';
import { newUser, notification } from '../store/notification-store.fixture.ts';
import type { NotificationStore } from '../store/notification-store.ts';
import { openSqliteNotificationStore } from '../store/sqlite-notification-store.ts';

it.each(['', '?grouped=true'])(
  'counts the unread ones as of the rows that it shows, whatever comes in between: %s',
  async (query) => {
    const alice = newUser();
    const store = openSqliteNotificationStore({
      file: ':memory:',
      clock,
      log: createLogger({ name: 'test', level: 'silent' }),
    });
    await store.append(notification(alice));
    let comes = 2;
    const busy = new Proxy(store, {
      get: (target, name: keyof NotificationStore) =>
        name === 'countUnread'
          ? async () => {
              comes -= 1;
              if (comes >= 0) await target.append(notification(alice, { entityId: `other-${comes}` }));
              return target.countUnread(alice);
            }
          : target[name].bind(target),
    });
    await using service = await startTestNotification({ store: busy });
    const { body } = await service.as(alice, 'GET', `/api/notifications${query}`);
    expect([(body.items ?? body.groups).length, body.unreadCount]).toEqual([3, 3]);
  },
);
