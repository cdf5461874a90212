import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import {
  createNotificationApi,
  createRestCall,
  type NotificationApi,
  NotificationClient,
  type NotificationClientState,
  systemClock,
} from '../../client/index.ts';
import type { Session } from './session.ts';
import { type TransportId, transports } from './transports.ts';

export type Notifications = {
  readonly client: NotificationClient;
  readonly api: NotificationApi;
  readonly state: NotificationClientState;
};

/** One client for as long as the person and the transport stay the same. `arrived` must be stable. */
export function useNotifications(
  session: Session,
  transport: TransportId,
  arrived: (rows: readonly NotificationDto[]) => void,
): Notifications {
  const api = useMemo(
    () => createNotificationApi(createRestCall({ baseUrl: location.origin, tokens: session.tokens })),
    [session],
  );
  const client = useMemo(
    () =>
      new NotificationClient({
        baseUrl: location.origin,
        open: transports[transport].open,
        api,
        tokens: session.tokens,
        clock: systemClock,
        arrived,
      }),
    [api, session, transport, arrived],
  );
  useEffect(() => {
    client.start();
    const online = () => client.retryNow();
    window.addEventListener('online', online);
    return () => {
      window.removeEventListener('online', online);
      client.stop();
    };
  }, [client]);
  const subscribe = useMemo(() => (listener: () => void) => client.onChange(listener), [client]);
  return { client, api, state: useSyncExternalStore(subscribe, () => client.state) };
}
