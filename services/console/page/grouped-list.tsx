import { useCallback } from 'react';
import type { NotificationGroup } from '#shared/contract/notification-dto.ts';
import type { NotificationApi } from '../../client/index.ts';
import { Avatar } from './avatar.tsx';
import { Excerpt } from './notification-row.tsx';
import { PanelList } from './panel-list.tsx';
import { usePages } from './use-pages.ts';
import { ago, deedOf, peopleOf } from './wording.ts';

const pageSize = 50;
const keyOf = ({ action, entityType, entityId }: NotificationGroup) => `${action} ${entityType} ${entityId}`;

/** The server's view: "Bob and 12 others". */
export function GroupedList({ api, version, now }: { api: NotificationApi; version: unknown; now: number }) {
  const read = useCallback(
    async (page: number) => {
      const { groups, hasMore } = await api.grouped(page, pageSize);
      return { items: groups, hasMore };
    },
    [api],
  );
  const { items, ...pages } = usePages({ read, keyOf, version });
  const rows = items?.map((group) => <Group key={keyOf(group)} group={group} now={now} />);
  return <PanelList label="Notifications, grouped, newest first" rows={rows} empty="Nothing yet." {...pages} />;
}

function Group({ group, now }: { group: NotificationGroup; now: number }) {
  const { latest, actors, count, unreadCount } = group;
  const size = actors.length > 1 ? 30 : 40;
  return (
    <li className={unreadCount > 0 ? 'row row-unread' : 'row'}>
      <span className="avatars">
        {actors.slice(0, 2).map(({ actorId, actorName, actorAvatar }) => (
          <Avatar key={actorId} user={actorId} name={actorName} url={actorAvatar} size={size} />
        ))}
      </span>
      <div className="row-text">
        <p>
          {unreadCount > 0 && <span className="hidden">{unreadCount} unread: </span>}
          <strong>{peopleOf(group)}</strong> {deedOf(group)}
        </p>
        <Excerpt entityId={group.entityId} />
        <p className="row-time">
          <time dateTime={latest.createdAt} title={new Date(latest.createdAt).toLocaleString()}>
            {ago(latest.createdAt, now)}
          </time>
          {count > 1 && ` · ${count} in all`}
          {unreadCount > 0 && count > 1 && `, ${unreadCount} unread`}
        </p>
      </div>
    </li>
  );
}
