import { RestError, readAnswer } from './rest-error.ts';
import type { TokenSource } from './token-source.ts';

export type RestOptions = {
  /** Origin of the API, without a trailing slash. */
  readonly baseUrl: string;
  readonly tokens: TokenSource;
  /** @default the global fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
};

/** Resolves with the JSON body. Rejects with `RestError`, or `SignedOutError` when the token is at its end. */
export type RestCall = (method: string, path: string, body?: object) => Promise<unknown>;

const timeoutMs = 15_000;

/** Calls with the token; on 401 once more with another one. */
export function createRestCall({
  baseUrl,
  tokens,
  fetch = (...args) => globalThis.fetch(...args),
}: RestOptions): RestCall {
  return async (method, path, body) => {
    const token = await tokens.token();
    const once = (bearer: string) => send(fetch, `${baseUrl}${path}`, requestOf(method, body, bearer));
    const first = await once(token);
    return readAnswer(first.status === 401 ? await once(await tokens.refused(token)) : first);
  };
}

function requestOf(method: string, body: object | undefined, token: string): RequestInit {
  return {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    cache: 'no-store',
    signal: AbortSignal.timeout(timeoutMs),
  };
}

async function send(fetch: typeof globalThis.fetch, url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch {
    throw new RestError('the server cannot be reached', 0);
  }
}
