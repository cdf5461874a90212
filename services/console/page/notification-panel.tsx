import { useEffect, useRef, useState } from 'react';
import type { NotificationApi } from '../client/notification-api.ts';
import type { NotificationClient, NotificationClientState } from '../client/notification-client.ts';
import { visibleRows } from '../client/notification-list.ts';
import { ErrorNote } from './error-note.tsx';
import { GroupedList } from './grouped-list.tsx';
import { Icon } from './icon.tsx';
import { NotificationRow } from './notification-row.tsx';
import { useNow } from './use-now.ts';
import { unreadInWords } from './wording.ts';

type NotificationPanelProps = {
  client: NotificationClient;
  api: NotificationApi;
  state: NotificationClientState;
  demo: boolean;
  /** It covers the page: it takes the focus, and Escape closes it. */
  overlay: boolean;
  close: () => void;
};

export function NotificationPanel({ client, api, state, demo, overlay, close }: NotificationPanelProps) {
  const { list, fault, loadingMore } = state;
  const [grouped, setGrouped] = useState(false);
  const [failure, setFailure] = useState<{ doing: string; error: unknown }>();
  const heading = useRef<HTMLHeadingElement>(null);
  const now = useNow(30_000);
  const unread = list.unread.count;

  useEffect(() => {
    if (overlay) heading.current?.focus();
  }, [overlay]);

  const act = async (doing: string, action: () => Promise<void>) => {
    try {
      await action();
      setFailure(undefined);
    } catch (error) {
      setFailure({ doing, error });
    }
  };

  return (
    <section
      id="notifications"
      className="panel"
      aria-labelledby="notifications-heading"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <header className="panel-head">
        <h2 id="notifications-heading" ref={heading} tabIndex={-1}>
          Notifications
        </h2>
        <p className="panel-count">{unreadInWords(unread)}</p>
        <button type="button" className="icon-button panel-close" aria-label="Close notifications" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="panel-tools">
        <button
          type="button"
          className="button button-toggle"
          aria-pressed={grouped}
          onClick={() => setGrouped(!grouped)}
        >
          Grouped
        </button>
        <button
          type="button"
          className="button"
          disabled={unread === 0}
          onClick={() => act('Marking all as read', () => client.markAllRead())}
        >
          <Icon name="checks" />
          Mark all read
        </button>
      </div>
      {failure && <ErrorNote {...failure} />}
      {fault !== undefined && <ErrorNote error={fault} doing="Reading notifications" />}
      {grouped ? (
        <GroupedList api={api} list={list} now={now} />
      ) : (
        <Rows client={client} list={list} now={now} demo={demo} failed={fault !== undefined} act={act} />
      )}
      {!grouped && list.hasMore && (
        <button type="button" className="button load-more" disabled={loadingMore} onClick={() => client.loadMore()}>
          {loadingMore ? 'Loading…' : 'Load more'}
        </button>
      )}
    </section>
  );
}

type RowsProps = Pick<NotificationPanelProps, 'client' | 'demo'> & {
  list: NotificationClientState['list'];
  now: number;
  failed: boolean;
  act: (doing: string, action: () => Promise<void>) => Promise<void>;
};

function Rows({ client, list, now, demo, failed, act }: RowsProps) {
  if (list.floor === Number.POSITIVE_INFINITY) return failed ? null : <p className="panel-empty">Loading…</p>;
  const rows = visibleRows(list);
  if (rows.length === 0) {
    return (
      <div className="panel-empty">
        <Icon name="bell" />
        <p>Nothing yet.</p>
        <p className="fine">
          {demo ? 'Open a tab as somebody else and like one of your posts.' : 'It shows up here the moment it happens.'}
        </p>
      </div>
    );
  }
  return (
    <ul className="rows" aria-label="Notifications, newest first">
      {rows.map((row) => (
        <NotificationRow
          key={row.id}
          row={row}
          now={now}
          markRead={() => act('Marking as read', () => client.markRead(row.id))}
          archive={() => act('Archiving', () => client.archive(row.id))}
          remove={() => act('Deleting', () => client.remove(row.id))}
        />
      ))}
    </ul>
  );
}
