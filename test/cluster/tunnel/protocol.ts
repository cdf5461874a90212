import type { Socket } from 'node:net';

/** The first line of a connection, as JSON. It is answered by a line `{}` or `{ "error" }`. */
export type TunnelRequest =
  /** `host`: an address, or a name like `hub.realtime.svc`. After the answer the connection is the target's. */
  | { connect: { host: string; port: number } }
  /** To the container's first process. */
  | { signal: { namespace: string; pod: string; container?: string; signal: NodeJS.Signals } };

/** What follows the line stays in the socket, which is paused. */
export function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const take = (data: Buffer) => {
      read = Buffer.concat([read, data]);
      const end = read.indexOf('\n');
      if (end < 0) return;
      socket.off('data', take).off('close', closed).pause();
      if (read.length > end + 1) socket.unshift(read.subarray(end + 1));
      resolve(read.subarray(0, end).toString());
    };
    const closed = () => reject(new Error('the connection was closed'));
    socket.on('data', take).on('close', closed);
  });
}

/** Both ways, ends included; when one dies, so does the other. */
export function splice(a: Socket, b: Socket): void {
  a.pipe(b).pipe(a);
  a.on('error', () => b.destroy()).on('close', () => b.destroy());
  b.on('error', () => a.destroy()).on('close', () => a.destroy());
}
