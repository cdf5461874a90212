import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backplane } from '#shared/backplane/backplane.ts';
import { createMemoryBackplane } from '#shared/backplane/memory-backplane.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { InvalidEventError } from '#shared/contract/user-interaction-event.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { eventually } from '#test/eventually.ts';
import { like, startTestNotification, type TestNotification } from '../notification.fixture.ts';
import { newUser } from '../store/notification-store.fixture.ts';
import type { NewNotification, NotificationStore } from '../store/notification-store.ts';
import { openSqliteNotificationStore } from '../store/sqlite-notification-store.ts';

const silentLog = createLogger({ name: 'test', level: 'silent' });
let service: TestNotification;

beforeAll(async () => {
  service = await startTestNotification();
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
});

const handle = (message: { messageId: string; payload: object }) => service.service.consumer.handle(message);

async function eventsBy(outcome: string): Promise<number> {
  const metric = await service.metrics.registry.getSingleMetric('notification_events_total')?.get();
  return metric?.values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
}

function publishingBy(publish: Backplane['publish']): Backplane {
  const memory = createMemoryBackplane();
  return {
    publish,
    publishMany: (channels, frame) => memory.publishMany(channels, frame),
    subscribe: (channel, listener) => memory.subscribe(channel, listener),
    onStateChange: (listener) => memory.onStateChange(listener),
    state: 'up',
    close: () => memory.close(),
  };
}

describe('an interaction', () => {
  it('is stored, then pushed as the row that REST shows', async () => {
    const alice = newUser();
    const frames = await service.framesOf(alice);
    await handle(like(alice));
    const { body } = await service.as(alice, 'GET', '/api/notifications');
    await eventually(() => (frames.length === 1 ? undefined : `${frames.length} frames`));
    expect(frames[0]).toMatchObject({
      kind: 'notification',
      stream: `notifications:${alice}`,
      epoch: await service.store.epoch(),
      seq: 1,
      number: 1,
    });
    expect(frames[0].body).toEqual(body.items[0]);
  });

  it('that a restore overtakes is pushed under the life that it was written in', async () => {
    const alice = newUser();
    const store = openSqliteNotificationStore({ file: ':memory:', clock: systemClock, log: silentLog });
    const overtaken = new Proxy(store, {
      get: (target, name: keyof NotificationStore) =>
        name === 'append'
          ? async (row: NewNotification) => {
              const appended = await target.append(row);
              await target.newEpoch();
              return appended;
            }
          : target[name].bind(target),
    });
    const before = await store.epoch();
    await using other = await startTestNotification({ store: overtaken });
    const frames = await other.framesOf(alice);
    await other.service.consumer.handle(like(alice));
    await eventually(() => (frames.length === 1 ? undefined : `${frames.length} frames`));
    expect(frames[0].epoch).toBe(before);
    expect(await store.epoch()).not.toBe(before);
  });

  it('that comes again is one notification, pushed again in its latest state', async () => {
    const alice = newUser();
    const frames = await service.framesOf(alice);
    const message = like(alice);
    await handle(message);
    const id = (await service.as(alice, 'GET', '/api/notifications')).body.items[0].id;
    await service.as(alice, 'PUT', `/api/notifications/${id}/read`);
    const before = await eventsBy('duplicate');
    await handle(message);
    await eventually(() => (frames.length === 3 ? undefined : `${frames.length} frames`));
    expect(frames.map(({ seq, number, body }) => [seq, number, body.isRead])).toEqual([
      [1, 1, false],
      [2, 1, true],
      [2, 1, true],
    ]);
    expect(await eventsBy('duplicate')).toBe(before + 1);
    expect(await service.store.heads([alice])).toEqual([{ seq: 2, number: 1 }]);
  });

  it('with an id of any length is stored once', async () => {
    const alice = newUser();
    const message = { ...like(alice), messageId: 'x'.repeat(1_000_000) };
    await handle(message);
    await handle(message);
    await handle({ ...message, messageId: `${message.messageId}y` });
    expect(await service.store.heads([alice])).toEqual([{ seq: 2, number: 2 }]);
  });

  it('without a recipient is dropped at once, whatever else is wrong with it', async () => {
    const before = await eventsBy('no_recipient');
    expect(handle({ messageId: '1', payload: { actionType: 'nonsense', targetUserId: null } })).toBeUndefined();
    expect(handle({ messageId: '1', payload: {} })).toBeUndefined();
    expect(await eventsBy('no_recipient')).toBe(before + 2);
  });

  it.each([
    ['with oneself', 'self', (alice: UserId) => like(alice, { userId: alice })],
    ['that is no like, comment or reply', 'not_notifiable', (alice: UserId) => like(alice, { actionType: 'Share' })],
  ])('%s is dropped and counted', async (_what, outcome, message) => {
    const alice = newUser();
    const before = await eventsBy(outcome);
    expect(handle(message(alice))).toBeUndefined();
    expect(await eventsBy(outcome)).toBe(before + 1);
    expect(await service.store.heads([alice])).toEqual([{ seq: 0, number: 0 }]);
  });

  it('that cannot be read is refused and counted', async () => {
    const before = await eventsBy('invalid');
    const payload = { ...like(newUser()).payload, actionType: 99 };
    expect(() => handle({ messageId: '1', payload })).toThrow(InvalidEventError);
    expect(await eventsBy('invalid')).toBe(before + 1);
  });

  it('is not stored while the store is away, and says so', async () => {
    await using closed = await startTestNotification();
    await closed.store.close();
    await expect(closed.service.consumer.handle(like(newUser()))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is stored even when the backplane is down', async () => {
    const backplane = publishingBy(() => Promise.reject(new PlatformError('unavailable', 'down')));
    await using unpushed = await startTestNotification({ backplane });
    const alice = newUser();
    await unpushed.service.consumer.handle(like(alice));
    expect(await unpushed.store.heads([alice])).toEqual([{ seq: 1, number: 1 }]);
    await eventually(async () => {
      const text = await unpushed.metrics.registry.metrics();
      return /notification_pushes_total\{outcome="failed",.*\} 1/.test(text) ? undefined : 'the failure is not counted';
    });
  });

  it('waits for no backplane, and keeps no more than a bounded number of pushes', async () => {
    let release = () => {};
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    const backplane = publishingBy(() => hanging);
    await using service = await startTestNotification({ backplane, limits: { maxPendingPushes: 2 } });
    const alice = newUser();
    for (let index = 0; index < 5; index += 1) await service.service.consumer.handle(like(alice));
    expect(await service.store.heads([alice])).toEqual([{ seq: 5, number: 5 }]);
    expect(await service.metrics.registry.metrics()).toMatch(/notification_pushes_total\{outcome="skipped",.*\} 3/);
    release();
  });
});
