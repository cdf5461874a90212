import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { PlatformError } from '#shared/contract/errors.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { fetchJwks } from './jwks-fetch.ts';
import { unauthorized } from './unauthorized.ts';

export type JwksConfig = {
  /** https, or http on a loopback address. */
  readonly url: string;
  /** Least time between two fetches, whatever tokens arrive. @default 30 */
  readonly cooldownSeconds?: number;
  /** After that time the keys are fetched anew, so that a removed key ends. @default 300 */
  readonly freshSeconds?: number;
  /** How long the last good keys serve while none can be fetched. @default 3,600 */
  readonly outageSeconds?: number;
  /** @default 5,000 */
  readonly timeoutMs?: number;
};

type KeySet = { readonly find: JWTVerifyGetKey; readonly fetchedAt: number };

const retry = { baseMs: 1_000 };

/**
 * Public keys of an identity provider, fetched when a token needs them and kept. A token whose `kid` is unknown causes at
 * most one fetch per cooldown. While the provider is out the last good keys serve for a bounded time, then every token is
 * `unauthorized`; before the first good fetch it is `unavailable`.
 */
export function createJwksKeys(
  config: JwksConfig,
  { clock, log, fetch: get = fetch }: { clock: Clock; log: Logger; fetch?: typeof fetch },
): JWTVerifyGetKey {
  const { url, cooldownSeconds = 30, freshSeconds = 300, outageSeconds = 3_600, timeoutMs = 5_000 } = config;
  const cooldownMs = cooldownSeconds * 1_000;
  let current: KeySet | undefined;
  let fetching: Promise<void> | undefined;
  let failures = 0;
  let nextFetchAt = 0;

  async function fetchKeys(): Promise<void> {
    const startedAt = clock.now();
    try {
      current = { find: createLocalJWKSet(await fetchJwks(url, timeoutMs, get)), fetchedAt: startedAt };
      failures = 0;
      nextFetchAt = startedAt + cooldownMs;
    } catch (err) {
      nextFetchAt = clock.now() + backoffMs(failures, { ...retry, capMs: cooldownMs });
      failures += 1;
      log.warn({ err, failures }, 'keys not fetched');
    } finally {
      fetching = undefined;
    }
  }

  /** Resolves when a fetch that is due or under way has ended, well or not; at once when none is due. */
  function refresh(): Promise<void> {
    if (!fetching && clock.now() >= nextFetchAt) fetching = fetchKeys();
    return fetching ?? Promise.resolve();
  }

  function ageMs(keys: KeySet): number {
    return clock.now() - keys.fetchedAt;
  }

  return async (header, token) => {
    const refreshing = current && ageMs(current) <= freshSeconds * 1_000 ? undefined : refresh();
    // In an outage nobody waits for the provider while the last good keys serve.
    if (!current || failures === 0) await refreshing;
    if (!current) throw new PlatformError('unavailable', 'the keys that verify tokens could not be fetched');
    if (ageMs(current) > outageSeconds * 1_000) throw unauthorized();
    try {
      return await current.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const seen: KeySet = current;
      await refresh();
      if (current === seen) throw error;
      return current.find(header, token);
    }
  };
}
