import { useCallback } from 'react';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import type { NotificationApi } from '../../client/index.ts';
import { NotificationRow } from './notification-row.tsx';
import { PanelList } from './panel-list.tsx';
import { usePages } from './use-pages.ts';

type ArchivedListProps = {
  api: NotificationApi;
  version: unknown;
  now: number;
  unarchive: (id: string) => void;
  remove: (id: string) => void;
};

const pageSize = 50;
const keyOf = ({ id }: NotificationDto) => id;

export function ArchivedList({ api, version, now, unarchive, remove }: ArchivedListProps) {
  const read = useCallback((page: number) => api.archived(page, pageSize), [api]);
  const { items, ...pages } = usePages({ read, keyOf, version });
  const rows = items?.map((row) => (
    <NotificationRow
      key={row.id}
      row={row}
      now={now}
      tools={[
        { icon: 'unarchive', label: 'Move back', act: () => unarchive(row.id) },
        { icon: 'trash', label: 'Delete', act: () => remove(row.id) },
      ]}
    />
  ));
  return <PanelList label="Archived notifications, newest first" rows={rows} empty="Nothing is archived." {...pages} />;
}
