import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { expect, it } from 'vitest';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

/**
 * A client with the habits of Sonixy's frontend: default transports, the token captured once, the handler registered
 * only after `start()`, every answer read as JSON, no dedupe, no refetch on reconnect.
 */
function frontend(hub: string, rest: string, token: string) {
  const notifications: NotificationDto[] = [];
  let unreadCount = 0;
  const connection = new HubConnectionBuilder()
    .withUrl(`${hub}/hubs/notifications`, { accessTokenFactory: () => token })
    .withAutomaticReconnect()
    .configureLogging(LogLevel.None)
    .build();
  const call = async (method: string, path: string) => {
    const response = await fetch(`${rest}/api/notifications${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    });
    const body = await response.json();
    if (!response.ok) throw new Error(body.error ?? `HTTP ${response.status}`);
    return body;
  };
  return {
    notifications,
    connection,
    unread: () => unreadCount,
    call,
    async open() {
      const page = await call('GET', '?pageIndex=1&pageSize=20');
      notifications.push(...page.items);
      unreadCount = page.unreadCount;
      await connection.start();
      // What React does between the two: an effect in a later task.
      await new Promise((resolve) => setImmediate(resolve));
      connection.on('ReceiveNotification', (notification: NotificationDto) => {
        // The frontend chooses the text by these two.
        expect(notification.action).toBe('Like');
        expect(notification.entityType.toLowerCase()).toBe('post');
        notifications.unshift(notification);
        unreadCount += 1;
      });
    },
  };
}

describeWithServer(['rabbitmq', 'redis', 'mongodev'], "Sonixy's frontend", () => {
  const used = usePlatform();

  const open = async (user: string) => {
    const token = await used.platform.token(user);
    const page = frontend(used.platform.hubs[0]?.url ?? '', used.platform.notifications[0]?.url ?? '', token);
    await page.open();
    return page;
  };

  it('loses nothing and shows nothing twice while connected, the first push included', async () => {
    for (let visit = 0; visit < 10; visit += 1) {
      const user = `visitor-${visit}`;
      // Published before the page opens, so that its row arrives anywhere between the REST call and the handler.
      const published = used.publisher.publish(likeEnvelope({ to: user, post: 'early' }));
      const page = await open(user);
      await published;
      await used.publisher.publish(likeEnvelope({ to: user, post: 'late' }));
      await eventually(() => (page.notifications[0]?.entityId === 'late' ? undefined : 'the late like is not shown'));
      const shown = page.notifications.map(({ id }) => id);
      expect(new Set(shown).size).toBe(shown.length);
      const stored = await page.call('GET', '?page=1&pageSize=20');
      // What was stored between the REST answer and the connection is REST's, all else is shown.
      expect(stored.items.map(({ entityId }: NotificationDto) => entityId)).toEqual(['late', 'early']);
      // The page's count may be younger than its list by what was stored between the two reads.
      expect([shown.length, stored.unreadCount]).toContain(page.unread());
      await page.connection.stop();
    }
  });

  it('has every REST call answered with JSON, and finds all in REST after an outage', async () => {
    const page = await open('nora');
    await used.publisher.publish(likeEnvelope({ to: 'nora', post: 'one' }));
    await eventually(() => (page.notifications.length === 1 ? undefined : 'the like is not shown'));
    expect(await page.call('PUT', `/${page.notifications[0]?.id}/read`)).toEqual({});
    expect(await page.call('GET', '/unread-count')).toMatchObject({ count: 0 });

    const hub = used.platform.hubs[0];
    await hub?.service.kill();
    await used.publisher.publish(likeEnvelope({ to: 'nora', post: 'while away' }));
    await hub?.service.restart();
    await eventually(() => (page.connection.state === 'Connected' ? undefined : `still ${page.connection.state}`), {
      timeoutMs: 45_000,
    });
    await used.publisher.publish(likeEnvelope({ to: 'nora', post: 'back' }));
    await eventually(() =>
      page.notifications[0]?.entityId === 'back' ? undefined : 'the push after the outage is not shown',
    );
    const { items, unreadCount } = await page.call('GET', '?page=1');
    expect(items.map(({ entityId }: NotificationDto) => entityId)).toEqual(['back', 'while away', 'one']);
    expect(unreadCount).toBe(2);
    expect(await page.call('PUT', '/read-all')).toEqual({});
    expect(await page.call('GET', '/unread-count')).toMatchObject({ count: 0 });
    await expect(page.call('GET', '?page=zero')).rejects.toThrow(/page/);
    await page.connection.stop();
  });

  it('is not cut off when its token expires', async () => {
    const token = await used.platform.token('late-night', 8);
    const connection = new HubConnectionBuilder()
      .withUrl(`${used.platform.hubs[0]?.url}/hubs/notifications`, {
        accessTokenFactory: () => token,
        transport: HttpTransportType.WebSockets,
      })
      .configureLogging(LogLevel.None)
      .build();
    const shown: string[] = [];
    connection.on('ReceiveNotification', ({ entityId }: NotificationDto) => shown.push(entityId));
    await connection.start();
    const rest = `${used.platform.notifications[0]?.url}/api/notifications`;
    await eventually(async () => {
      const { status } = await fetch(rest, { headers: { authorization: `Bearer ${token}` } });
      return status === 401 ? undefined : `REST answers ${status}: the token has not expired`;
    });
    await used.publisher.publish(likeEnvelope({ to: 'late-night', post: 'after expiry' }));
    await eventually(() => (shown.join() === 'after expiry' ? undefined : `shown: [${shown}]`));
    await connection.stop();
  });
});
