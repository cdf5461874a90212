import type { NotificationGroup } from '#shared/contract/notification-dto.ts';
import type { NotificationRow } from './notification-row.ts';
import { toNotificationDto } from './present.ts';

const shownActors = 3;

/** "Bob and 12 others liked your post": one group per type and entity, in the order of their newest rows. `rows` are newest first. */
export function groupNotifications(rows: readonly NotificationRow[]): NotificationGroup[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify([row.type, row.entityType, row.entityId]));
  return [...groups.values()].flatMap((members) => {
    const [latest] = members;
    return latest ? [toGroup(latest, members)] : [];
  });
}

function toGroup(latest: NotificationRow, members: readonly NotificationRow[]): NotificationGroup {
  const newestOfActor = new Map<string, NotificationRow>();
  for (const row of members) if (!newestOfActor.has(row.actorId)) newestOfActor.set(row.actorId, row);
  return {
    action: latest.type,
    entityId: latest.entityId,
    entityType: latest.entityType,
    latest: toNotificationDto(latest),
    actors: [...newestOfActor.values()]
      .slice(0, shownActors)
      .map(({ actorId, actorName, actorAvatar }) => ({ actorId, actorName, actorAvatar })),
    others: newestOfActor.size - 1,
    count: members.length,
    unreadCount: members.filter((row) => !row.isRead).length,
  };
}
