import type { HubWorker } from './hub-worker.ts';
import type { Device } from './simulated-clients.ts';

export type StockSession = {
  /** From then on it must get every row. */
  readonly since: number;
  endedAt: number;
  readonly received: { readonly id: string; readonly number: number; readonly at: number }[];
};

export type Listening = {
  readonly chat: boolean;
  readonly method: string;
  /** Others that it knows. */
  readonly known?: readonly string[];
};

/** A client that knows nothing of ours: it connects, listens to one method, and connects again after a while. */
export class StockClient {
  readonly device: Device;
  readonly sessions: StockSession[] = [];
  readonly unknownMethods = new Set<string>();
  readonly #listening: Listening;

  constructor(device: Device, listening: Listening) {
    this.device = device;
    this.#listening = listening;
    device.internet.simulation.after(device.process, 0, () => void this.#connect());
  }

  async #connect(): Promise<void> {
    const { simulation } = this.device.internet;
    const again = () =>
      simulation.after(this.device.process, simulation.random.between(200, 3_000), () => void this.#connect());
    const { chat, method: wanted, known = [] } = this.#listening;
    const received: StockSession['received'] = [];
    const session: { since: number; endedAt: number; received: StockSession['received'] } = {
      since: Number.POSITIVE_INFINITY,
      endedAt: Number.POSITIVE_INFINITY,
      received,
    };
    try {
      const { hasPlace, worker } = await this.device.connect(
        {
          called: (method, [row]) => {
            if (method === wanted)
              received.push({ ...(row as { id: string; number: number }), at: simulation.elapsed });
            else if (!known.includes(method)) this.unknownMethods.add(method);
          },
          closed: () => {
            session.endedAt = simulation.elapsed;
            again();
          },
        },
        chat,
      );
      this.sessions.push(session);
      if (hasPlace) session.since = simulation.elapsed;
      else this.#awaitPlace(session, worker, simulation.elapsed);
    } catch {
      again();
    }
  }

  /** Accepted while nobody knew the head: what is promised begins with the first one that is heard. */
  #awaitPlace(session: { since: number; endedAt: number }, worker: HubWorker, from: number): void {
    const { simulation } = this.device.internet;
    if (worker.headsAt > from) session.since = simulation.elapsed;
    else if (worker.process.alive && session.endedAt === Number.POSITIVE_INFINITY) {
      simulation.after(this.device.process, 500, () => this.#awaitPlace(session, worker, from));
    }
  }
}
