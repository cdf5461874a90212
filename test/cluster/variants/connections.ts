import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { issueToken } from '#shared/auth/token-issuer.ts';

/** Opens that many SignalR connections, each of another user; answers how to close them. */
export async function openConnections(url: string, secret: string, count: number): Promise<() => Promise<unknown>> {
  const connections = Array.from({ length: count }, (_, index) => {
    const user = `user-${index}`;
    const accessTokenFactory = () =>
      issueToken({
        ...{ secret, user, issuer: 'Sonixy.IdentityService', audience: 'Sonixy.Client' },
        lifetimeSeconds: 3_600,
      });
    return new HubConnectionBuilder()
      .withUrl(`${url}/hubs/notifications`, { accessTokenFactory })
      .configureLogging(LogLevel.None)
      .build();
  });
  await Promise.all(connections.map((connection) => connection.start()));
  return () => Promise.all(connections.map((connection) => connection.stop()));
}
