import type { UserId } from '#shared/contract/ids.ts';
import type { ClientConnection, ClientProtocol, CloseReason, EncodedMessage } from '#shared/hub/client-connection.ts';
import type { Membership } from '#shared/hub/membership.ts';
import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';

/** Method and argument as JSON. */
const protocol: ClientProtocol = {
  name: 'simulated',
  encode(method, args) {
    const payload = JSON.stringify([method, ...args.map((json) => JSON.parse(Buffer.from(json).toString()))]);
    return { payload, bytes: payload.length };
  },
};

export type ClientEnd = {
  called(method: string, args: readonly unknown[]): void;
  /** Once, whichever side ended it. */
  closed(reason: string): void;
};

let made = 0;

/** A client's connection to a hub: in order while it lasts; what is on its way when it breaks is gone. */
export class SimulatedConnection implements ClientConnection {
  readonly id = `connection-${++made}`;
  readonly principal: ClientConnection['principal'];
  readonly protocol = protocol;
  readonly transport = 'WebSockets';
  readonly bufferedBytes = 0;
  readonly client: SimulatedProcess;
  readonly hub: SimulatedProcess;
  membership: Membership | undefined;
  /** Nothing passes any more. */
  broken = false;
  readonly #simulation: Simulation;
  readonly #end: ClientEnd;
  #arrivesAt = 0;
  #told = false;

  constructor(
    simulation: Simulation,
    options: { user: UserId; client: SimulatedProcess; hub: SimulatedProcess; end: ClientEnd },
  ) {
    this.#simulation = simulation;
    this.client = options.client;
    this.hub = options.hub;
    this.#end = options.end;
    this.principal = { user: options.user, tokenId: undefined, expiresAt: Number.MAX_SAFE_INTEGER };
    this.hub.onDeath.add(() => this.break(500));
  }

  write(messages: readonly EncodedMessage[]): void {
    for (const { payload } of messages) {
      const [method, ...args] = JSON.parse(String(payload)) as [string, ...unknown[]];
      this.send(() => this.#end.called(method, args));
    }
  }

  /** From the hub to the client, in order. */
  send(deliver: () => void): void {
    const { random, elapsed } = this.#simulation;
    this.#arrivesAt = Math.max(this.#arrivesAt + 0.001, elapsed + random.between(1, 20));
    this.#simulation.after(this.client, this.#arrivesAt - elapsed, () => {
      if (!this.broken) deliver();
    });
  }

  /** The hub ends it: what was written before still arrives. */
  close(reason: CloseReason): void {
    this.send(() => {
      this.broken = true;
      this.#tell(reason);
    });
    this.#simulation.after(this.hub, 5, () => this.membership?.leave(reason));
  }

  /** The client ends it. */
  leave(): void {
    this.#told = true;
    this.broken = true;
    this.#simulation.after(this.hub, this.#simulation.random.between(1, 20), () => this.membership?.leave('left'));
  }

  /** The network ends it; each side notices within that time. */
  break(noticeMs: number): void {
    if (this.broken) return;
    this.broken = true;
    const { random } = this.#simulation;
    this.#simulation.after(this.hub, random.between(0, noticeMs), () => this.membership?.leave('broken'));
    this.#simulation.after(this.client, random.between(0, noticeMs), () => this.#tell('broken'));
  }

  #tell(reason: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#end.closed(reason);
  }
}
