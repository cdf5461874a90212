import type { UserId } from '#shared/contract/ids.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { Limit, RateLimiter, Verdict } from './rate-limiter.ts';

export type Counted = { readonly limit: Limit; readonly verdict: Verdict };

const windowSeconds = 60;
const sessionFailuresPerFailure = 10;

/** Which limit counts what, and for whom. */
export class Rates {
  readonly #limiter: RateLimiter;
  readonly #limits: GatewayLimits;

  constructor(limiter: RateLimiter, limits: GatewayLimits) {
    this.#limiter = limiter;
    this.#limits = limits;
  }

  /** One request of a user on a route. */
  request(route: string, method: string | undefined, user: UserId): Promise<Counted> {
    const reads = method === 'GET' || method === 'HEAD';
    const points = reads ? this.#limits.readsPerMinute : this.#limits.writesPerMinute;
    return this.#count({ name: `${route}-${reads ? 'reads' : 'writes'}`, points, windowSeconds }, user);
  }

  /** One hub connection that a user begins. */
  connect(user: UserId): Promise<Counted> {
    return this.#count({ name: 'connects', points: this.#limits.connectsPerMinute, windowSeconds }, user);
  }

  /** One hub connection of somebody whom only the hub will know. */
  anonymousConnect(address: string): Promise<Counted> {
    const points = this.#limits.anonymousConnectsPerMinute;
    return this.#count({ name: 'anonymous-connects', points, windowSeconds }, address);
  }

  /** One refused token. */
  failure(address: string): Promise<Counted> {
    return this.#count({ name: 'failures', points: this.#limits.failuresPerMinute, windowSeconds }, address);
  }

  /**
   * One request of a hub connection that the hub refused. When a hub restarts, each polling client behind an address is
   * refused once: that many more are allowed.
   */
  sessionFailure(address: string): Promise<Counted> {
    const points = sessionFailuresPerFailure * this.#limits.failuresPerMinute;
    return this.#count({ name: 'session-failures', points, windowSeconds }, address);
  }

  async #count(limit: Limit, key: string): Promise<Counted> {
    return { limit, verdict: await this.#limiter.consume(limit, key) };
  }
}
