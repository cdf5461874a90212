import type { JSONWebKeySet } from 'jose';

const maxBytes = 256 * 1024;

/**
 * One GET of a key set. Redirects are refused, to other hosts and at all: the configured URL is the final one.
 *
 * @throws Error that says what the server did wrong
 */
export async function fetchJwks(url: string, timeoutMs: number, get: typeof fetch): Promise<JSONWebKeySet> {
  const response = await get(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json, application/jwk-set+json' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key server answered ${response.status}, expected 200 without a redirect`);
  }
  const keySet: unknown = JSON.parse(await textOf(response));
  if (!isKeySet(keySet)) throw new Error('the key server answered no key set');
  return keySet;
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (bytes > maxBytes) throw new Error(`the key server answered more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return false;
  return value.keys.every((key) => typeof key === 'object' && key !== null && 'kty' in key);
}
