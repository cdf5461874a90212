import { useCallback, useState } from 'react';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';

export type Toast =
  | { readonly key: string; readonly kind: 'one'; readonly notification: NotificationDto }
  | { readonly key: string; readonly kind: 'many'; readonly count: number };

const most = 3;

/** At most three at a time; more than three that come at once, after an outage, are one. */
export function useToasts() {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const show = useCallback((rows: readonly NotificationDto[]) => {
    const fresh: Toast[] =
      rows.length > most
        ? [{ key: `${rows.length} to ${rows.at(-1)?.id}`, kind: 'many', count: rows.length }]
        : rows.map((notification) => ({ key: notification.id, kind: 'one', notification }));
    setToasts((shown) => [...shown, ...fresh].slice(-most));
  }, []);
  const dismiss = useCallback((key: string) => setToasts((shown) => shown.filter((toast) => toast.key !== key)), []);
  return { toasts, show, dismiss };
}
