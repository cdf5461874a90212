import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { readLine, splice, type TunnelRequest } from './protocol.ts';

/** A port of 127.0.0.1 on this machine that stands for an address of the cluster. */
export interface Forward extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** Sends one request through the tunnel at `path`; rejects with what the other side has to say against it. */
export async function openTunnel(path: string, request: TunnelRequest): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(`${JSON.stringify(request)}\n`);
  const { error } = JSON.parse(await readLine(socket)) as { error?: string };
  if (error === undefined) return socket;
  socket.destroy();
  throw new Error(error);
}

/** `address` is asked for each connection. A target that refuses closes the connection. */
export async function forward(path: string, host: string, port: number): Promise<Forward> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client);
    client.on('error', () => client.destroy()).on('close', () => open.delete(client));
    openTunnel(path, { connect: { host, port } }).then(
      (target) => splice(client, target),
      () => client.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const local = (server.address() as AddressInfo).port;
  const close = async () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { port: local, url: `http://127.0.0.1:${local}`, close, [Symbol.asyncDispose]: close };
}
