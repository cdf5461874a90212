import { createServer, connect as dial, type Socket } from 'node:net';
import { freePort } from '#test/dev-env/free-port.ts';

/** Which command of a writer to catch, and whether the server shall have carried it out by then. */
export type Step = { readonly marker: string; readonly at: 'before' | 'after' };

/** A way to a server that catches a writer between two of its steps. Until it is armed it changes nothing. */
export interface StepGate extends AsyncDisposable {
  readonly port: number;
  /**
   * Catches the next command whose bytes hold the marker: `before` keeps the command itself, `after` keeps what the
   * server answers on that connection. Resolves when it was caught; nothing of it arrives until `open`.
   */
  catches(step: Step): Promise<void>;
  /** What was kept arrives now. */
  open(): void;
}

type Kept = { readonly to: Socket; readonly bytes: Buffer };

export async function startStepGate(target: number): Promise<StepGate> {
  const sockets = new Set<Socket>();
  const closed = new Set<Socket>();
  const kept: Kept[] = [];
  let armed: { readonly step: Step; readonly caught: () => void } | undefined;

  const listener = createServer((client) => {
    const server = dial(target, '127.0.0.1');
    const pass = (to: Socket) => (bytes: Buffer) => {
      if (closed.has(to)) kept.push({ to, bytes });
      else to.write(bytes);
    };
    const [toServer, toClient] = [pass(server), pass(client)];
    client.on('data', (bytes) => {
      if (armed && bytes.includes(armed.step.marker)) {
        const { step, caught } = armed;
        armed = undefined;
        closed.add(step.at === 'before' ? server : client);
        caught();
      }
      toServer(bytes);
    });
    server.on('data', toClient);
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
    catches: (step) =>
      new Promise<void>((caught) => {
        armed = { step, caught };
      }),
    open() {
      closed.clear();
      for (const { to, bytes } of kept.splice(0)) to.write(bytes);
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
