import { useEffect, useState } from 'react';
import type { MessageDto } from '#shared/contract/chat-dto.ts';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { connect, localStorageOutgoingStore, type RealtimeClient } from '../../client/index.ts';
import type { Session } from './session.ts';
import { type TransportId, transports } from './transports.ts';

type Arrived = {
  readonly notifications: (rows: readonly NotificationDto[]) => void;
  readonly message: (message: MessageDto) => void;
};

/** One client for as long as the person and the transport stay the same; undefined at first. `arrived` must be stable. */
export function useClient(session: Session, transport: TransportId, arrived: Arrived): RealtimeClient | undefined {
  const [client, setClient] = useState<RealtimeClient>();
  useEffect(() => {
    const { user } = session.person;
    const made = connect({
      url: location.origin,
      token: session.tokens,
      // One for each client: clients of two people must never share a connection.
      transport: transports[transport].open(),
      outgoing: localStorageOutgoingStore({ user }),
      user,
      onNotifications: arrived.notifications,
      onMessage: arrived.message,
    });
    setClient(made);
    return () => made.close();
  }, [session, transport, arrived]);
  return client;
}
