import type { HubConnection } from './connection.ts';
import type { LongPollingTransport } from './long-polling-transport.ts';
import type { SendRequests } from './send-requests.ts';
import type { Ticker, Ticking } from './ticker.ts';

export type Session<Identity> = {
  readonly connection: HubConnection<Identity>;
  /** undefined on WebSockets, which send on their own socket. */
  readonly sends: SendRequests | undefined;
  readonly polling: LongPollingTransport | undefined;
};

/** The connections that live here, by id, and the ids that were used up while their token is still fresh. */
export class Sessions<Identity> implements Ticking {
  readonly #live = new Map<string, Session<Identity>>();
  readonly #ticker: Ticker;
  readonly #freshTicks: number;
  #used = new Set<string>();
  #usedBefore = new Set<string>();
  #turnedAt: number;

  constructor(ticker: Ticker, freshMs: number) {
    this.#ticker = ticker;
    this.#freshTicks = ticker.ticks(freshMs);
    this.#turnedAt = ticker.now;
  }

  get size(): number {
    return this.#live.size;
  }

  get(id: string): Session<Identity> | undefined {
    return this.#live.get(id);
  }

  values(): Iterable<Session<Identity>> {
    return this.#live.values();
  }

  add(id: string, session: Session<Identity>): void {
    this.#ticker.add(this);
    this.#live.set(id, session);
    this.#used.add(id);
  }

  remove(id: string): void {
    this.#live.delete(id);
  }

  /** A connection of this id began here not longer ago than a token is fresh: it must not begin again. */
  wasUsed(id: string): boolean {
    return this.#used.has(id) || this.#usedBefore.has(id);
  }

  tick(now: number): void {
    if (now - this.#turnedAt < this.#freshTicks) return;
    this.#turnedAt = now;
    this.#usedBefore = this.#used;
    this.#used = new Set();
    if (this.#usedBefore.size === 0 && this.#live.size === 0) this.#ticker.remove(this);
  }
}
