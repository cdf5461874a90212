import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import type { Failures } from '../limits/failures.ts';
import { secondsOf, setRateLimitHeaders } from '../limits/rate-limit-headers.ts';
import type { Counted, Rates } from '../limits/rates.ts';
import type { Route } from '../routes.ts';
import { authorize, beginsConnection, type Caller, isUnauthorized } from './authorize.ts';
import { rateLimited } from './retry-later.ts';

export type GateOptions = {
  readonly verifier: TokenVerifier;
  readonly rates: Rates;
  /** Of tokens that the gateway refused, and of callers that the hub did. */
  readonly failures: Failures;
  readonly sessionFailures: Failures;
};

/** Lets requests in: by their token first, by their rate after it. */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * @param response is told the state of the limit; an upgrade has none
   * @throws PlatformError `unauthorized`, `unavailable`, or `rate_limited`, which is a RetryLater
   */
  async admit(request: IncomingMessage, route: Route, address: string, response?: ServerResponse): Promise<Caller> {
    const caller = await this.#identify(request, route, address);
    if (caller.kind !== 'user') this.#requireUnblocked(address);
    const counted = await this.#count(request, route, address, caller);
    if (!counted) return caller;
    if (response) setRateLimitHeaders(response, counted.limit, counted.verdict);
    if (!counted.verdict.allowed) throw rateLimited(secondsOf(counted.verdict.resetMs));
    return caller;
  }

  /** The hub refused somebody whom it knows better than the gateway. */
  async refusedBehind(address: string): Promise<void> {
    await this.#options.sessionFailures.count(address);
  }

  async #identify(request: IncomingMessage, route: Route, address: string): Promise<Caller> {
    const { verifier, failures } = this.#options;
    try {
      return await authorize(request, route, verifier);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      const overForMs = await failures.count(address);
      throw overForMs > 0 ? rateLimited(secondsOf(overForMs)) : error;
    }
  }

  #requireUnblocked(address: string): void {
    const overForMs = this.#options.sessionFailures.overFor(address);
    if (overForMs > 0) throw rateLimited(secondsOf(overForMs));
  }

  /** Requests of a hub connection that exists are the hub's to count. */
  async #count(request: IncomingMessage, route: Route, address: string, caller: Caller): Promise<Counted | undefined> {
    const { rates } = this.#options;
    if (route.kind === 'rest') {
      return caller.kind === 'user' ? rates.request(route.name, request.method, caller.principal.user) : undefined;
    }
    if (caller.kind === 'session' || !beginsConnection(request, route)) return undefined;
    return caller.kind === 'user' ? rates.connect(caller.principal.user) : rates.anonymousConnect(address);
  }
}
