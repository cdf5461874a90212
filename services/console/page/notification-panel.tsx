import { useEffect, useRef, useState } from 'react';
import type { NotificationApi, NotificationClient, NotificationClientState } from '../../client/index.ts';
import { isLoaded, visibleRows } from '../../client/index.ts';
import { ArchivedList } from './archived-list.tsx';
import { ErrorNote } from './error-note.tsx';
import { GroupedList } from './grouped-list.tsx';
import { Icon } from './icon.tsx';
import { NotificationRow, type RowTool } from './notification-row.tsx';
import { PanelList } from './panel-list.tsx';
import { useNow } from './use-now.ts';
import { unreadInWords } from './wording.ts';

type NotificationPanelProps = {
  client: NotificationClient;
  api: NotificationApi;
  state: NotificationClientState;
  /** What to do when there is nothing. */
  hint: string;
  /** It covers the page: it takes the focus. */
  overlay: boolean;
  close: () => void;
};

const views = { all: 'All', grouped: 'Grouped', archived: 'Archived' } as const;
type View = keyof typeof views;

export function NotificationPanel({ client, api, state, hint, overlay, close }: NotificationPanelProps) {
  const { list, fault, loadingMore } = state;
  const [view, setView] = useState<View>('all');
  const [failure, setFailure] = useState<{ doing: string; error: unknown }>();
  const heading = useRef<HTMLHeadingElement>(null);
  const now = useNow(30_000);
  const unread = list.unread.count;

  useEffect(() => {
    if (overlay) heading.current?.focus();
  }, [overlay]);

  const act = (doing: string, action: () => Promise<void>) => {
    action().then(
      () => setFailure(undefined),
      (error: unknown) => setFailure({ doing, error }),
    );
  };
  const toolsOf = (id: string, isRead: boolean): RowTool[] => [
    ...(isRead
      ? []
      : [
          {
            icon: 'check',
            label: 'Mark as read',
            keepsRow: true,
            act: () => act('Marking as read', () => client.markRead(id)),
          } as const,
        ]),
    { icon: 'archive', label: 'Archive', act: () => act('Archiving', () => client.archive(id)) },
    { icon: 'trash', label: 'Delete', act: () => act('Deleting', () => client.remove(id)) },
  ];
  const loaded = isLoaded(list);

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
        <p className="panel-count">{loaded && unreadInWords(unread)}</p>
        <button type="button" className="icon-button panel-close" aria-label="Close notifications" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="panel-tools">
        <fieldset className="segments">
          <legend className="hidden">Show</legend>
          {(Object.keys(views) as View[]).map((each) => (
            <label key={each} className="segment">
              <input type="radio" name="view" checked={view === each} onChange={() => setView(each)} />
              {views[each]}
            </label>
          ))}
        </fieldset>
        <button
          type="button"
          className="button"
          disabled={unread === 0}
          onClick={() => {
            // It is disabled next, and a disabled button loses the focus.
            heading.current?.focus();
            act('Marking all as read', () => client.markAllRead());
          }}
        >
          Mark all read
        </button>
      </div>
      {failure && <ErrorNote {...failure} />}
      {view === 'all' && (
        <PanelList
          label="Notifications, newest first"
          rows={
            loaded
              ? visibleRows(list).map((row) => (
                  <NotificationRow key={row.id} row={row} now={now} tools={toolsOf(row.id, row.isRead)} />
                ))
              : undefined
          }
          empty="Nothing yet."
          hint={hint}
          error={fault}
          hasMore={list.hasMore}
          loading={loadingMore}
          more={() => void client.loadMore()}
        />
      )}
      {view === 'grouped' && <GroupedList api={api} version={list} now={now} />}
      {view === 'archived' && (
        <ArchivedList
          api={api}
          version={list}
          now={now}
          unarchive={(id) => act('Moving back', () => client.unarchive(id))}
          remove={(id) => act('Deleting', () => client.remove(id))}
        />
      )}
    </section>
  );
}
