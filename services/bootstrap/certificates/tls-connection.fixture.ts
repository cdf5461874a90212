import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';

export type ServerFiles = { readonly certificate: string; readonly privateKey: string };

/** `ok`, or the client's code of error, of a real connection with nobody trusted but `trusted`. */
export async function connection(
  { certificate, privateKey }: ServerFiles,
  trusted: string,
  name: string,
): Promise<string> {
  const server = createServer({ cert: certificate, key: privateKey }, (socket) => socket.end('served'));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise<string>((resolve) => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername: name, ca: trusted });
      socket.on('data', () => resolve('ok')).on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
