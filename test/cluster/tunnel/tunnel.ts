import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileNames } from '../settings.ts';
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

/** `target`: `hub.realtime.svc:80`, of the cluster in that folder. */
export function forwardTo(folder: string, target: string): Promise<Forward> {
  const [host = '', port = ''] = target.split(':');
  if (!/^\d+$/.test(port)) throw new Error(`a target is NAME:PORT, got ${target}`);
  return forward(tunnelOf(folder), host, Number(port));
}

/** Of the cluster in that folder. */
export function tunnelOf(folder: string): string {
  return join(folder, fileNames.tunnel);
}

/** The name is looked up for each connection. A target that refuses closes it. */
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
