import { useEffect, useState } from 'react';
import type { MessageDto } from '#shared/contract/chat-dto.ts';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { connect, indexedDbOutgoingStore, type NotKeptError, type RealtimeClient } from '../../client/index.ts';
import type { Session } from './session.ts';
import { type TransportId, transports } from './transports.ts';

type Arrived = {
  readonly notifications: (rows: readonly NotificationDto[]) => void;
  readonly message: (message: MessageDto) => void;
};

export type PageClient = {
  readonly client: RealtimeClient;
  /** Forgets what waits to be sent. */
  readonly forget: () => Promise<void>;
};

/** One client for as long as the person and the transport stay the same; undefined at first. `arrived` must be stable. */
export function useClient(session: Session, transport: TransportId, arrived: Arrived) {
  const [made, setMade] = useState<PageClient>();
  const [notKept, setNotKept] = useState<NotKeptError>();
  useEffect(() => {
    const { user } = session.person;
    const outgoing = indexedDbOutgoingStore({ user, report: setNotKept });
    const client = connect({
      url: location.origin,
      token: session.tokens,
      transport: transports[transport].open(),
      // Two tabs may have chosen differently.
      shareTabs: transport,
      outgoing,
      user,
      onNotifications: arrived.notifications,
      onMessage: arrived.message,
    });
    setMade({ client, forget: () => outgoing.clear() });
    return () => client.close();
  }, [session, transport, arrived]);
  return { ...made, notKept };
}
