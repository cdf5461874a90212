import type { Socket } from 'node:net';
import { startTcpGate, type TcpGate } from './tcp-gate.ts';

/** Which command of a writer to catch, and whether the server shall have carried it out by then. */
export type Step = { readonly marker: string; readonly at: 'before' | 'after' };

/** A way to a server that catches a writer between two of its steps. Until it is armed it changes nothing. */
export interface StepGate extends TcpGate {
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
  const closed = new Set<Socket>();
  const kept: Kept[] = [];
  let armed: { readonly step: Step; readonly caught: () => void } | undefined;

  const gate = await startTcpGate(target, (client, server) => {
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
  });
  return {
    ...gate,
    catches: (step) =>
      new Promise<void>((caught) => {
        armed = { step, caught };
      }),
    open() {
      closed.clear();
      for (const { to, bytes } of kept.splice(0)) to.write(bytes);
    },
  };
}
