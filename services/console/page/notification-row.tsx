import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { Avatar } from './avatar.tsx';
import { Icon, type IconName } from './icon.tsx';
import { demoPost } from './posts.ts';
import { ago, deedOf } from './wording.ts';

export type RowTool = {
  readonly icon: IconName;
  readonly label: string;
  /** The row stays where it is, only this tool goes. */
  readonly keepsRow?: boolean;
  readonly act: () => void;
};

type NotificationRowProps = { row: NotificationDto; now: number; tools: readonly RowTool[] };

export function NotificationRow({ row, now, tools }: NotificationRowProps) {
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
        {tools.map(({ icon, label, keepsRow = false, act }) => (
          <button
            key={label}
            type="button"
            className="icon-button icon-button-small"
            aria-label={`${label}: ${what}`}
            title={label}
            onClick={(event) => {
              moveFocus(event.currentTarget, keepsRow);
              act();
            }}
          >
            <Icon name={icon} />
          </button>
        ))}
      </div>
    </li>
  );
}

/** The button goes, the focus must not go with it: to the next button, the next row, or the heading. */
function moveFocus(button: HTMLElement, keepsRow: boolean): void {
  const row = button.closest('li');
  const next = keepsRow
    ? button.nextElementSibling
    : (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector('button');
  const place = next ?? button.closest('section')?.querySelector('h2');
  if (place instanceof HTMLElement) place.focus();
}

/** What it was about, where that is a demo post. */
export function Excerpt({ entityId }: { entityId: string }) {
  const post = demoPost(entityId);
  return post ? <p className="excerpt">{post.text}</p> : null;
}
