import { useEffect, useState } from 'react';
import { Avatar } from './avatar.tsx';
import { messageInWords } from './chat/chat-wording.ts';
import { Icon } from './icon.tsx';
import { usePeople } from './people.tsx';
import type { Toast } from './use-toasts.ts';
import { deedOf } from './wording.ts';

const shownMs = 7_000;

type ToastsProps = {
  toasts: readonly Toast[];
  dismiss: (key: string) => void;
  /** Said, not shown: the list covers the page and shows it. */
  quiet: boolean;
  /** undefined: it is open. */
  openPanel: (() => void) | undefined;
  openConversation: (id: string) => void;
};

export function Toasts({ toasts, dismiss, quiet, openPanel, openConversation }: ToastsProps) {
  return (
    <section className={quiet ? 'toasts hidden' : 'toasts'} aria-label="New notifications">
      <div role="status" aria-live="polite" aria-atomic="false" aria-relevant="additions">
        {toasts.map((toast) => (
          <ToastCard
            key={toast.key}
            toast={toast}
            dismiss={dismiss}
            quiet={quiet}
            openPanel={openPanel}
            openConversation={openConversation}
          />
        ))}
      </div>
    </section>
  );
}

function ToastCard(props: { toast: Toast } & Omit<ToastsProps, 'toasts'>) {
  const { toast, dismiss, quiet, openPanel, openConversation } = props;
  const [held, setHeld] = useState(false);
  const { key } = toast;
  const open = toast.kind === 'message' ? () => openConversation(toast.message.conversationId) : openPanel;
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismiss(key), shownMs);
    return () => clearTimeout(timer);
  }, [held, dismiss, key]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only waits longer while somebody points at it or is in it
    <div
      className="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {toast.kind === 'one' && <One toast={toast} />}
      {toast.kind === 'many' && <p>{toast.count} new notifications while you were away</p>}
      {toast.kind === 'message' && <Written toast={toast} />}
      {!quiet && open && (
        <button
          type="button"
          className="button button-quiet"
          onClick={() => {
            open();
            dismiss(key);
          }}
        >
          Show
        </button>
      )}
      {!quiet && (
        <button
          type="button"
          className="icon-button icon-button-small"
          aria-label="Dismiss"
          onClick={() => dismiss(key)}
        >
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

function One({ toast: { notification } }: { toast: Toast & { kind: 'one' } }) {
  return (
    <>
      <Avatar user={notification.actorId} name={notification.actorName} url={notification.actorAvatar} size={36} />
      <p>
        <strong>{notification.actorName}</strong> {deedOf(notification)}
      </p>
    </>
  );
}

function Written({ toast: { message } }: { toast: Toast & { kind: 'message' } }) {
  const name = usePeople().nameOf(message.senderId);
  return (
    <>
      <Avatar user={message.senderId} name={name} url="" size={36} />
      <p className="toast-message" dir="auto">
        <strong>{name}</strong>: {messageInWords(message)}
      </p>
    </>
  );
}
