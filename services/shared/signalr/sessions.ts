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

/** The connections that live here, by id, and the ids that began here a short while ago: none begins twice. */
export class Sessions<Identity> implements Ticking {
  readonly #live = new Map<string, Session<Identity>>();
  readonly #ticker: Ticker;
  readonly #freshTicks: number;
  #spent = new Set<string>();
  #spentBefore = new Set<string>();
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
    this.#live.set(id, session);
  }

  remove(id: string): void {
    this.#live.delete(id);
  }

  /** Remembers an id for as long as its token is fresh. */
  spend(id: string): void {
    this.#ticker.add(this);
    this.#spent.add(id);
  }

  wasSpent(id: string): boolean {
    return this.#spent.has(id) || this.#spentBefore.has(id);
  }

  tick(now: number): void {
    if (now - this.#turnedAt < this.#freshTicks) return;
    this.#turnedAt = now;
    this.#spentBefore = this.#spent;
    this.#spent = new Set();
    if (this.#spentBefore.size === 0) this.#ticker.remove(this);
  }
}
