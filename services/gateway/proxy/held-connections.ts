import type { Socket } from 'node:net';
import { drainMembers } from '#shared/hub/drain.ts';
import type { Clock } from '#shared/runtime/clock.ts';

export type Held = {
  /** Ends it as a restart of a server would. Safe to call twice. */
  end(): void;
};

/** What clients keep open through the gateway: WebSockets, event streams, polls. */
export class HeldConnections {
  readonly #held = new Set<Held>();
  #draining = false;
  #drained = false;

  get size(): number {
    return this.#held.size;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Nothing may be held any more. */
  get drained(): boolean {
    return this.#drained;
  }

  /** After a drain: what was on its way when it ended ends at once. */
  add(held: Held): void {
    this.#held.add(held);
    if (this.#drained) held.end();
  }

  remove(held: Held): void {
    this.#held.delete(held);
  }

  /** Ends them spread over `windowMs`. Resolves when all are gone, or `closeWaitMs` after the window. */
  async drain(clock: Clock, windowMs: number, closeWaitMs: number): Promise<void> {
    this.#draining = true;
    await drainMembers({
      clock,
      random: Math.random,
      windowMs,
      closeWaitMs,
      members: this.#held,
      close: (held) => held.end(),
    });
    this.#drained = true;
  }
}

/** After so long without a byte both ends are asked whether they still live. */
const keepAliveMs = 30_000;

/**
 * Two sockets that the proxy library has joined, as one. The library passes orderly ends on; here none survives the other, and
 * none stays when nothing moves for `silenceMs`: a client that reads nothing would hold both for ever.
 */
export function holdSockets(client: Socket, service: Socket, silenceMs: number): Held {
  for (const [socket, other] of [
    [client, service],
    [service, client],
  ] as const) {
    socket.setKeepAlive(true, keepAliveMs);
    socket.setTimeout(silenceMs, () => socket.destroy());
    // What the other side has sent already still goes out.
    socket.once('close', () => other.destroySoon());
    socket.on('error', () => other.destroy());
  }
  return {
    end() {
      service.unpipe(client);
      client.end();
      service.destroySoon();
    },
  };
}
