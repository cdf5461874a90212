import { useCallback, useEffect, useRef, useState } from 'react';
import { unreadCap } from '#shared/contract/notification-dto.ts';
import { isLoaded, SignedOutError } from '../../client/index.ts';
import { Avatar } from './avatar.tsx';
import { ConnectionPill } from './connection-pill.tsx';
import type { Person } from './demo-api.ts';
import { Feed } from './feed.tsx';
import { Icon } from './icon.tsx';
import { NotificationPanel } from './notification-panel.tsx';
import { RealServers } from './real-servers.tsx';
import type { Session } from './session.ts';
import { ThemeButton } from './theme.tsx';
import { Toasts } from './toasts.tsx';
import { storedTransport, storeTransport, type TransportId } from './transports.ts';
import { useMedia } from './use-media.ts';
import { useNotifications } from './use-notifications.ts';
import { useToasts } from './use-toasts.ts';
import { badgeOf, unreadInWords } from './wording.ts';

type WorkspaceProps = {
  session: Session;
  people: readonly Person[] | undefined;
  /** `reason`: why the person did not do it. */
  signOut: (reason?: string) => void;
};

export function Workspace({ session, people, signOut }: WorkspaceProps) {
  const wide = useMedia('(min-width: 60rem)');
  const [openByHand, setOpen] = useState<boolean>();
  const open = openByHand ?? wide;
  const [transport, setTransport] = useState(storedTransport);
  const toasts = useToasts();
  const { client, api, state } = useNotifications(session, transport, toasts.show);
  const bell = useRef<HTMLButtonElement>(null);
  const unread = state.list.unread.count;
  const loaded = isLoaded(state.list);

  useEffect(() => {
    document.title = `${unread > 0 ? `(${badgeOf(unread)}) ` : ''}${session.person.name} · Sonixy Realtime`;
  }, [unread, session]);

  const { connection } = state;
  useEffect(() => {
    if (connection.state === 'signed-out') signOut(connection.reason);
  }, [connection, signOut]);

  const chooseTransport = (chosen: TransportId) => {
    storeTransport(chosen);
    setTransport(chosen);
  };

  const closePanel = useCallback(() => {
    setOpen(false);
    bell.current?.focus();
  }, []);

  return (
    <div className={open ? 'workspace workspace-open' : 'workspace'}>
      <button type="button" className="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to posts
      </button>
      <header className="top">
        <span className="brand">
          <span className="brand-mark">
            <Icon name="wave" />
          </span>
          <span className="brand-name">Sonixy Realtime</span>
        </span>
        <ConnectionPill
          connection={connection}
          transport={transport}
          choose={chooseTransport}
          retry={() => client.retryNow()}
        />
        <button
          ref={bell}
          type="button"
          className="icon-button bell"
          aria-expanded={open}
          aria-controls="notifications"
          aria-label={loaded ? `Notifications, ${unreadInWords(unread)}` : 'Notifications'}
          title={unread >= unreadCap ? unreadInWords(unread) : undefined}
          onClick={() => setOpen(!open)}
        >
          <Icon name="bell" />
          {unread > 0 && (
            <span className="badge" aria-hidden="true">
              {badgeOf(unread)}
            </span>
          )}
        </button>
        <ThemeButton />
        <span className="me">
          <Avatar user={session.person.user} name={session.person.name} url={session.person.avatar} size={32} />
          <span className="me-name">{session.person.name}</span>
        </span>
        <button
          type="button"
          className="icon-button"
          aria-label={`Sign out ${session.person.name}`}
          title="Sign out"
          onClick={() => signOut()}
        >
          <Icon name="signOut" />
        </button>
      </header>
      <main id="main" className="main" tabIndex={-1} inert={open && !wide}>
        {people ? (
          <Feed me={session.person} people={people} tokens={session.tokens} failed={onSignedOut(signOut)} />
        ) : (
          <RealServers user={session.person.user} />
        )}
      </main>
      {open && (
        <NotificationPanel
          client={client}
          api={api}
          state={state}
          hint={
            session.demo
              ? 'Open a tab as somebody else and like one of your posts.'
              : 'It shows up here the moment it happens.'
          }
          overlay={!wide}
          close={closePanel}
        />
      )}
      <Toasts
        toasts={toasts.toasts}
        dismiss={toasts.dismiss}
        quiet={open && !wide}
        openPanel={open ? undefined : () => setOpen(true)}
      />
    </div>
  );
}

function onSignedOut(signOut: (reason: string) => void) {
  return (error: unknown) => {
    if (error instanceof SignedOutError) signOut(error.message);
  };
}
