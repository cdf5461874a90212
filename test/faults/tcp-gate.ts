import { createServer, connect as dial, type Socket } from 'node:net';
import { freePort } from '#test/dev-env/free-port.ts';

export interface TcpGate extends AsyncDisposable {
  readonly port: number;
}

/** Lets clients through to a server's port; what passes between the two sockets of a connection is up to `join`. */
export async function startTcpGate(target: number, join: (client: Socket, server: Socket) => void): Promise<TcpGate> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = dial(target, '127.0.0.1');
    join(client, server);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, '127.0.0.1', resolve);
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
