import { useCallback, useEffect, useRef, useState } from 'react';
import { unreadCap } from '#shared/contract/notification-dto.ts';
import { isLoaded, type NotKeptError, type RealtimeClient, SignedOutError } from '../../client/index.ts';
import { useConversations, useNotifications } from '../../client/react/index.ts';
import { hashOf, usePlace } from './address.ts';
import { Avatar } from './avatar.tsx';
import { Chat, hasNoChat } from './chat/chat.tsx';
import { unreadOf } from './chat/chat-wording.ts';
import { forgetDrafts } from './chat/drafts.ts';
import { useReader } from './chat/use-reader.ts';
import { ConnectionPill } from './connection-pill.tsx';
import type { Person } from './demo-api.ts';
import { Feed } from './feed.tsx';
import { Icon } from './icon.tsx';
import { NotificationPanel } from './notification-panel.tsx';
import { RealServers } from './real-servers.tsx';
import type { Session } from './session.ts';
import { ThemeButton } from './theme.tsx';
import { Toasts } from './toasts.tsx';
import type { TransportId } from './transports.ts';
import { useMedia } from './use-media.ts';
import type { useToasts } from './use-toasts.ts';
import { ViewLinks } from './view-links.tsx';
import { badgeOf, unreadInWords } from './wording.ts';
import { worseConnection } from './worse-connection.ts';

type SignedInProps = {
  session: Session;
  people: readonly Person[] | undefined;
  /** `reason`: why the person did not do it. */
  signOut: (reason?: string) => void;
  client: RealtimeClient;
  /** Deletes what waits to be sent. */
  forget: () => Promise<void>;
  notKept: NotKeptError | undefined;
  toasts: ReturnType<typeof useToasts>;
  transport: TransportId;
  chooseTransport: (chosen: TransportId) => void;
};

/** The page of whoever is signed in. */
export function SignedIn(props: SignedInProps) {
  const { session, people, signOut, client, forget, notKept, toasts, transport, chooseTransport } = props;
  const place = usePlace();
  const { view, conversation: openId } = place;
  const wide = useMedia('(min-width: 60rem)');
  const [openByHand, setOpen] = useState<boolean>();
  const open = openByHand ?? (wide && view === 'posts');
  const state = useNotifications(client);
  const chat = useConversations(client);
  const reader = useReader();
  const bell = useRef<HTMLButtonElement>(null);
  const unread = state.list.unread.count;
  const unreadMessages = chat.conversations.reduce((sum, row) => sum + unreadOf(row, reader), 0);
  const loaded = isLoaded(state.list);

  const unreadInAll = unread + unreadMessages;
  useEffect(() => {
    document.title = `${unreadInAll > 0 ? `(${badgeOf(unreadInAll)}) ` : ''}${session.person.name} · Sonixy Realtime`;
  }, [unreadInAll, session]);

  const { dismissMessages } = toasts;
  useEffect(() => {
    if (openId !== undefined) dismissMessages(openId);
  }, [openId, dismissMessages]);

  const connection = hasNoChat(chat) ? state.connection : worseConnection(state.connection, chat.connection);
  useEffect(() => {
    if (connection.state === 'signed-out') signOut(connection.reason);
  }, [connection, signOut]);

  const closePanel = useCallback(() => {
    setOpen(false);
    bell.current?.focus();
  }, []);

  /** By hand: nothing that was written stays in the browser. */
  const leave = () => {
    client.close();
    void forget();
    forgetDrafts(session.person.user);
    signOut();
  };

  return (
    <div className={`workspace workspace-${view}${open ? ' workspace-open' : ''}`}>
      <button type="button" className="skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to {view}
      </button>
      <header className="top">
        <span className="brand">
          <span className="brand-mark">
            <Icon name="wave" />
          </span>
          <span className="brand-name">Sonixy Realtime</span>
        </span>
        <ViewLinks place={place} unreadMessages={unreadMessages} />
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
          onClick={leave}
        >
          <Icon name="signOut" />
        </button>
      </header>
      <main id="main" className="main" tabIndex={-1} inert={open && !wide}>
        {view === 'chat' ? (
          <Chat client={client} state={chat} place={place} notKept={notKept} />
        ) : people ? (
          <Feed me={session.person} people={people} tokens={session.tokens} failed={onSignedOut(signOut)} />
        ) : (
          <RealServers user={session.person.user} />
        )}
      </main>
      {open && (
        <NotificationPanel
          client={client.notifications}
          api={client.api.notifications}
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
        openConversation={(id) => {
          location.hash = hashOf({ ...place, view: 'chat', conversation: id });
        }}
      />
    </div>
  );
}

function onSignedOut(signOut: (reason: string) => void) {
  return (error: unknown) => {
    if (error instanceof SignedOutError) signOut(error.message);
  };
}
