import { useMemo, useState } from 'react';
import { type MessageDto, messageTypes } from '#shared/contract/chat-dto.ts';
import { parsePlace } from './address.ts';
import type { Person } from './demo-api.ts';
import { PeopleProvider } from './people.tsx';
import type { Session } from './session.ts';
import { SignedIn } from './signed-in.tsx';
import { storedTransport, storeTransport, type TransportId } from './transports.ts';
import { useClient } from './use-client.ts';
import { useToasts } from './use-toasts.ts';

type WorkspaceProps = {
  session: Session;
  people: readonly Person[] | undefined;
  /** `reason`: why the person did not do it. */
  signOut: (reason?: string) => void;
};

/** Makes the client of whoever is signed in; all else of the page is drawn from its state. */
export function Workspace({ session, people, signOut }: WorkspaceProps) {
  const [transport, setTransport] = useState(storedTransport);
  const toasts = useToasts();
  const { show, showMessage } = toasts;
  const { user } = session.person;
  const arrived = useMemo(
    () => ({
      notifications: show,
      message: (message: MessageDto) => isNews(message, user) && showMessage(message),
    }),
    [show, showMessage, user],
  );
  const { client, forget, notKept } = useClient(session, transport, arrived);
  const chooseTransport = (chosen: TransportId) => {
    storeTransport(chosen);
    setTransport(chosen);
  };
  if (!client || !forget) return null;
  return (
    <PeopleProvider me={session.person} people={people}>
      <SignedIn {...{ session, people, signOut, client, forget, notKept, toasts, transport, chooseTransport }} />
    </PeopleProvider>
  );
}

/** Written by somebody else, into a conversation that is not before one's eyes. */
function isNews({ senderId, type, conversationId }: MessageDto, me: string): boolean {
  const isSeen = document.visibilityState === 'visible' && parsePlace(location.hash).conversation === conversationId;
  return senderId !== me && messageTypes[type] !== 'system' && !isSeen;
}
