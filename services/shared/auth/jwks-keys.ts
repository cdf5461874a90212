import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { JwksKeys } from './token-verifier.ts';

const fetchTimeoutMs = 5_000;
const maxBodyLength = 256 * 1024;

type KeySet = { readonly keys: ReturnType<typeof createLocalJWKSet>; readonly fetchedAt: number };

/**
 * Keys by id from a JWKS URL. One fetch at a time; an unknown id causes at most one per cooldown, however many tokens name
 * one. While the key server is away the last good keys serve for `outageMs`, then every token is refused.
 */
export function createJwksKeys(
  { url, cooldownMs = 30_000, cacheMs = 600_000, outageMs = 3_600_000 }: JwksKeys,
  { clock, log, fetch }: { clock: Clock; log: Logger; fetch: typeof globalThis.fetch },
) {
  let current: KeySet | undefined;
  let fetching: Promise<void> | undefined;
  let lastAttemptAt = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    if (clock.now() - lastAttemptAt < cooldownMs) return fetching;
    lastAttemptAt = clock.now();
    fetching = load()
      .catch((err: unknown) => log.warn({ err }, 'signing keys cannot be fetched'))
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  async function load(): Promise<void> {
    // A redirect could name another host: refuse it rather than follow it.
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(fetchTimeoutMs) });
    if (!response.ok) throw new Error(`the key server answered ${response.status}`);
    current = { keys: createLocalJWKSet(parseKeySet(await boundedText(response))), fetchedAt: clock.now() };
  }

  return {
    async keyFor(header: JWSHeaderParameters, token: FlattenedJWSInput) {
      if (!current || clock.now() - current.fetchedAt >= cacheMs) await refresh();
      try {
        return await find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const before = current;
        await refresh();
        if (current === before) throw error;
        return find(header, token);
      }
    },
  };

  async function find(header: JWSHeaderParameters, token: FlattenedJWSInput) {
    if (!current || clock.now() - current.fetchedAt >= outageMs) throw new errors.JWKSNoMatchingKey();
    return current.keys(header, token);
  }
}

async function boundedText(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > maxBodyLength) throw new Error('the key set is too large');
  }
  return text;
}

/** Symmetric keys have no place in a public set: one there would let anybody who reads it sign. */
function parseKeySet(text: string): JSONWebKeySet {
  const set = JSON.parse(text) as JSONWebKeySet;
  if (!Array.isArray(set.keys)) throw new Error('the key server did not answer with a key set');
  return { keys: set.keys.filter(({ kty }) => kty === 'RSA' || kty === 'EC' || kty === 'OKP') };
}
