import { useEffect, useState } from 'react';
import type { NotificationGroup, NotificationGroupPage } from '#shared/contract/notification-dto.ts';
import type { NotificationApi } from '../client/notification-api.ts';
import type { NotificationList } from '../client/notification-list.ts';
import { Avatar } from './avatar.tsx';
import { ErrorNote } from './error-note.tsx';
import { Excerpt } from './notification-row.tsx';
import { ago, deedOf, peopleOf } from './wording.ts';

const groupsShown = 50;
/** Changes that come together are one reading. */
const gatherMs = 150;

/** The server's view over the newest rows, read anew when the list changes. */
export function GroupedList({ api, list, now }: { api: NotificationApi; list: NotificationList; now: number }) {
  const [page, setPage] = useState<NotificationGroupPage>();
  const [error, setError] = useState<unknown>();
  const { rows, readThrough } = list;
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows and readThrough say when to read, not what
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      api.grouped(1, groupsShown).then(
        (read) => {
          if (!current) return;
          setPage(read);
          setError(undefined);
        },
        (failure: unknown) => current && setError(failure),
      );
    }, gatherMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [api, rows, readThrough]);

  if (error !== undefined) return <ErrorNote error={error} doing="Reading groups" />;
  if (!page) return <p className="panel-empty">Loading…</p>;
  if (page.groups.length === 0) return <p className="panel-empty">Nothing yet.</p>;
  return (
    <ul className="rows" aria-label="Notifications, grouped, newest first">
      {page.groups.map((group) => (
        <Group key={`${group.action} ${group.entityType} ${group.entityId}`} group={group} now={now} />
      ))}
    </ul>
  );
}

function Group({ group, now }: { group: NotificationGroup; now: number }) {
  const { latest, actors, count, unreadCount } = group;
  return (
    <li className={unreadCount > 0 ? 'row row-unread' : 'row'}>
      <span className="avatars">
        {actors.slice(0, 2).map((actor) => (
          <Avatar
            key={actor.actorId}
            user={actor.actorId}
            name={actor.actorName}
            url={actor.actorAvatar}
            size={actors.length > 1 ? 30 : 40}
          />
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
        </p>
      </div>
    </li>
  );
}
