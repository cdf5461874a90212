import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { Avatar } from './avatar.tsx';
import { Icon, type IconName } from './icon.tsx';
import { demoPost } from './posts.ts';
import { ago, deedOf } from './wording.ts';

type NotificationRowProps = {
  row: NotificationDto;
  now: number;
  markRead: () => void;
  archive: () => void;
  remove: () => void;
};

export function NotificationRow({ row, now, markRead, archive, remove }: NotificationRowProps) {
  const what = `${row.actorName} ${deedOf(row)}`;
  return (
    <li className={row.isRead ? 'row' : 'row row-unread'} data-id={row.id}>
      <Avatar user={row.actorId} name={row.actorName} url={row.actorAvatar} />
      <div className="row-text">
        <p>
          {!row.isRead && <span className="hidden">Unread: </span>}
          <strong>{row.actorName}</strong> {deedOf(row)}
        </p>
        <Excerpt entityId={row.entityId} />
        <time dateTime={row.createdAt} title={new Date(row.createdAt).toLocaleString()}>
          {ago(row.createdAt, now)}
        </time>
      </div>
      <div className="row-tools">
        {!row.isRead && <Tool icon="check" label="Mark as read" what={what} act={markRead} />}
        <Tool icon="archive" label="Archive" what={what} act={archive} />
        <Tool icon="trash" label="Delete" what={what} act={remove} />
      </div>
    </li>
  );
}

/** What it was about, where that is a demo post. */
export function Excerpt({ entityId }: { entityId: string }) {
  const post = demoPost(entityId);
  return post ? <p className="excerpt">{post.text}</p> : null;
}

function Tool({ icon, label, what, act }: { icon: IconName; label: string; what: string; act: () => void }) {
  return (
    <button
      type="button"
      className="icon-button icon-button-small"
      aria-label={`${label}: ${what}`}
      title={label}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
}
