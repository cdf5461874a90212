import { useCallback, useState } from 'react';
import type { MessageDto } from '#shared/contract/chat-dto.ts';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';

export type Toast =
  | { readonly key: string; readonly kind: 'one'; readonly notification: NotificationDto }
  | { readonly key: string; readonly kind: 'many'; readonly count: number }
  | { readonly key: string; readonly kind: 'message'; readonly message: MessageDto };

const most = 3;

/** At most three at a time; more than three that come at once, after an outage, are one. Of a conversation the latest. */
export function useToasts() {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const show = useCallback((rows: readonly NotificationDto[]) => {
    const fresh: Toast[] =
      rows.length > most
        ? [{ key: `${rows.length} to ${rows.at(-1)?.id}`, kind: 'many', count: rows.length }]
        : rows.map((notification) => ({ key: notification.id, kind: 'one', notification }));
    setToasts((shown) => [...shown, ...fresh].slice(-most));
  }, []);
  const showMessage = useCallback((message: MessageDto) => {
    const isOld = (toast: Toast) => toast.kind === 'message' && toast.message.conversationId === message.conversationId;
    setToasts((shown) =>
      [...shown.filter((toast) => !isOld(toast)), { key: message.id, kind: 'message', message } as const].slice(-most),
    );
  }, []);
  const dismiss = useCallback((key: string) => setToasts((shown) => shown.filter((toast) => toast.key !== key)), []);
  /** Whoever opens a conversation needs no telling of it. */
  const dismissMessages = useCallback((conversation: string) => {
    const isOther = (toast: Toast) => toast.kind !== 'message' || toast.message.conversationId !== conversation;
    setToasts((shown) => (shown.every(isOther) ? shown : shown.filter(isOther)));
  }, []);
  return { toasts, show, showMessage, dismiss, dismissMessages };
}
