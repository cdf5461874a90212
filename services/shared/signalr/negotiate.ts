import type { Query } from './request-target.ts';

export type Negotiation = { readonly version: 0 | 1 } | { readonly error: string };

const availableTransports = [
  { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
  { transport: 'ServerSentEvents', transferFormats: ['Text'] },
  { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
];

/** Which version the client gets; a refusal is answered with 200 all the same. */
export function negotiateVersion(query: Query): Negotiation {
  const asked = query('negotiateVersion');
  if (asked === undefined) return { version: 0 };
  const version = /^\s*[+-]?\d{1,10}\s*$/.test(asked) ? Number(asked) : Number.NaN;
  if (!(Math.abs(version) < 2 ** 31)) return { error: 'The client requested a non-integer protocol version.' };
  if (version < 0) {
    return { error: `The client requested version '${version}', but the server does not support this version.` };
  }
  return { version: version === 0 ? 0 : 1 };
}

/**
 * Version 0 knows one id, so there the id is the secret token. `useStatefulReconnect` is never echoed: a client that
 * asked for it then goes on without, one that did not ask would fail.
 */
export function negotiateAnswer(version: 0 | 1, connectionId: string, connectionToken: string): object {
  return version === 0
    ? { negotiateVersion: 0, connectionId: connectionToken, availableTransports }
    : { negotiateVersion: 1, connectionId, connectionToken, availableTransports };
}
