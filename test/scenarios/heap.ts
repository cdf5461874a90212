import { WebSocket } from 'ws';
import { freePort } from '#test/dev-env/free-port.ts';

export type HeapProbe = { readonly env: Record<string, string>; usedAfterGc(): Promise<number> };

/** Reads a real process's heap through Node's own inspector. Start the process with `env`. */
export async function heapProbe(): Promise<HeapProbe> {
  const port = await freePort();
  return {
    env: { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` },
    async usedAfterGc() {
      const [target] = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
        webSocketDebuggerUrl: string;
      }[];
      const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      try {
        const call = (id: number, method: string) =>
          new Promise<{ usedSize: number }>((resolve) => {
            const listener = (data: Buffer) => {
              const answer = JSON.parse(data.toString());
              if (answer.id !== id) return;
              socket.off('message', listener);
              resolve(answer.result);
            };
            socket.on('message', listener);
            socket.send(JSON.stringify({ id, method }));
          });
        await call(1, 'HeapProfiler.enable');
        await call(2, 'HeapProfiler.collectGarbage');
        return (await call(3, 'Runtime.getHeapUsage')).usedSize;
      } finally {
        socket.close();
      }
    },
  };
}
