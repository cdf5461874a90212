import { expect, it } from 'vitest';
import { prepareTwoInstances } from '#shared/store/two-instances.fixture.ts';
import { eventually } from '#test/eventually.ts';
import { firstPage, newUser, notification, type StoreUnderTest, times } from './notification-store.fixture.ts';
import type { NotificationStore } from './notification-store.ts';
import { describeStoreReads } from './notification-store-reads.contract.ts';
import { describeStoreWrites } from './notification-store-writes.contract.ts';

/** Everything that the port promises, on two instances over the same data. */
export function describeNotificationStore(make: () => Promise<StoreUnderTest>): void {
  const used = prepareTwoInstances<NotificationStore, StoreUnderTest>(make);
  const { clock } = used;

  const suite = () => ({ ...used, many: used.data.scale === 'full' ? 50 : 8 });
  describeStoreWrites(suite);
  describeStoreReads(suite);

  it('has one epoch for all instances, until a new one begins', async () => {
    const { store, other } = used;
    const [mine, theirs] = await Promise.all([store.epoch(), other.epoch()]);
    expect(mine).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(theirs).toBe(mine);
    const next = await other.newEpoch();
    expect(next).not.toBe(mine);
    expect(await other.epoch()).toBe(next);
    await eventually(async () => {
      clock.advance(1_000);
      return (await store.epoch()) === next ? undefined : 'the other instance is still in the old epoch';
    });
  });

  it('finishes what was called before it is closed, and refuses what comes after', async () => {
    const alice = newUser();
    const closing = await used.data.open(clock);
    await eventually(() => closing.ping().then(() => undefined));
    const appends = times(5, () => closing.append(notification(alice)));
    await closing.close();
    expect((await Promise.all(appends)).map(({ created }) => created)).toEqual(times(5, () => true));
    for (const call of [
      () => closing.append(notification(alice)),
      () => closing.readAll(alice),
      () => closing.change(alice, '0'.repeat(24), 'read'),
      () => closing.list(alice, firstPage),
      () => closing.changes(alice, 0, 1),
      () => closing.heads([alice]),
      () => closing.ping(),
    ]) {
      await expect(call()).rejects.toMatchObject({ name: 'PlatformError', code: 'unavailable' });
    }
    expect(await used.store.heads([alice])).toEqual([{ seq: 5, number: 5 }]);
  });
}
