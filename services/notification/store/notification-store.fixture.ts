import { randomUUID } from 'node:crypto';
import type { UserId } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { TestClock } from '#shared/store/two-instances.fixture.ts';
import type { NewNotification, NotificationStore } from './notification-store.ts';

/** Somebody whom no other test knows. */
export function newUser(name = 'alice'): UserId {
  return `${name}-${randomUUID()}` as UserId;
}

export function notification(recipientId: UserId, content: Partial<NewNotification> = {}): NewNotification {
  return {
    messageId: randomUUID(),
    recipientId,
    actorId: 'bob' as UserId,
    actorName: 'Bob',
    actorAvatar: '',
    entityId: 'post-1',
    entityType: 'Post',
    type: 'Like',
    ...content,
  };
}

/** One database or file of a suite's own. */
export interface StoreUnderTest extends AsyncDisposable {
  /** Rows and writers in the tests about many of them: `small` for slow servers. */
  readonly scale: 'full' | 'small';
  /** Another instance on the same data, as another process has it. */
  open(clock: Clock): Promise<NotificationStore>;
}

export type { TestClock };

/** Two instances over the same data, and how many is many there. */
export type StoreSuite = {
  readonly data: StoreUnderTest;
  readonly store: NotificationStore;
  readonly other: NotificationStore;
  readonly clock: TestClock;
  readonly many: number;
};

export const firstPage = { archived: false, offset: 0, limit: 10 };

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Counts on from the beginning after the last item. */
export function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
