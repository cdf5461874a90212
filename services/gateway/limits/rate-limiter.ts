/** At most `points` calls per key in a window, which begins with the key's first call. */
export type Limit = {
  /** Names of limits are a closed set: they are part of metrics, headers and keys. */
  readonly name: string;
  readonly points: number;
  readonly windowSeconds: number;
};

export type Verdict = {
  readonly allowed: boolean;
  /** Calls that are left in the window. */
  readonly remaining: number;
  /** Until the window ends, more than 0. */
  readonly resetMs: number;
};

/** Port: counts calls. */
export interface RateLimiter {
  /**
   * Counts one call of `key`. Of calls that race, from however many processes share the counters, exactly `points` are
   * allowed in a window. Keys are any strings; two of them never share a counter, nor do two limits.
   *
   * Rejects when the counters can't be reached: then the call may be counted or not.
   */
  consume(limit: Limit, key: string): Promise<Verdict>;
  close(): Promise<void>;
}

/** Counters that several processes share, and that may be out of reach. */
export interface SharedLimiter extends RateLimiter {
  /** Counts something that nobody asked for. Rejects while the counters can't be reached. */
  look(): Promise<void>;
}
