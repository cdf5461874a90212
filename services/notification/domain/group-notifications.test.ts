import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { groupNotifications } from './group-notifications.ts';
import type { NotificationRow } from './notification-row.ts';

function row(number: number, actor: string, change: Partial<NotificationRow> = {}): NotificationRow {
  return {
    kind: 'notification',
    id: number.toString(16).padStart(24, '0'),
    recipientId: 'alice' as UserId,
    actorId: actor as UserId,
    actorName: actor.toUpperCase(),
    actorAvatar: '',
    entityId: 'post-1',
    entityType: 'Post',
    type: 'Like',
    isRead: false,
    archived: false,
    createdAt: 0,
    seq: number,
    number,
    ...change,
  };
}

describe('groups', () => {
  it('name the newest actors once each, and count the others', () => {
    const rows = [row(6, 'bob'), row(5, 'carol', { isRead: true }), row(4, 'bob'), row(3, 'dave'), row(2, 'erin')];
    expect(groupNotifications(rows)).toMatchObject([
      {
        action: 'Like',
        entityId: 'post-1',
        entityType: 'Post',
        latest: { number: 6, actorId: 'bob' },
        actors: [{ actorId: 'bob', actorName: 'BOB' }, { actorId: 'carol' }, { actorId: 'dave' }],
        others: 3,
        count: 5,
        unreadCount: 4,
      },
    ]);
    expect(groupNotifications(rows)[0]?.actors).toHaveLength(3);
  });

  it('are apart by type and entity, in the order of their newest rows', () => {
    const rows = [
      row(5, 'bob', { type: 'Comment' }),
      row(4, 'bob'),
      row(3, 'bob', { entityId: 'post-2' }),
      row(2, 'bob', { entityType: 'Comment' }),
      row(1, 'carol', { type: 'Comment' }),
    ];
    expect(groupNotifications(rows).map(({ latest, count }) => [latest.number, count])).toEqual([
      [5, 2],
      [4, 1],
      [3, 1],
      [2, 1],
    ]);
  });

  it('lose no row', () => {
    const rows = fc.array(fc.tuple(fc.constantFrom('bob', 'carol'), fc.constantFrom('a', 'b'), fc.boolean()));
    fc.assert(
      fc.property(rows, (list) => {
        const given = list.map(([actor, entityId, isRead], index) =>
          row(list.length - index, actor, { entityId, isRead }),
        );
        const groups = groupNotifications(given);
        expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(given.length);
        expect(groups.reduce((sum, { unreadCount }) => sum + unreadCount, 0)).toBe(
          given.filter(({ isRead }) => !isRead).length,
        );
      }),
    );
  });
});
