import type { Clock } from '../clock.ts';

/** Thrown when there is no token any more and none can be had without the person. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
}

/** Port: where access tokens come from. */
export interface TokenSource {
  /** A token that is believed valid; makes or renews one where that is possible. */
  token(): Promise<string>;
  /** The server refused this one. @throws SignedOutError when it cannot be replaced */
  refused(token: string): Promise<string>;
}

export type IssuedToken = { readonly token: string; readonly expiresAt: string };

const renewBeforeExpiryMs = 20_000;

/** Tokens that `signIn` makes at will; callers at the same time share one call. */
export function renewingTokens(signIn: () => Promise<IssuedToken>, clock: Clock): TokenSource {
  let current: IssuedToken | undefined;
  let pending: Promise<string> | undefined;
  const renew = () => {
    pending ??= signIn()
      .then((issued) => {
        current = issued;
        return issued.token;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };
  return {
    async token() {
      const fresh = current && Date.parse(current.expiresAt) - renewBeforeExpiryMs > clock.now();
      return current && fresh ? current.token : renew();
    },
    async refused(token) {
      return current && current.token !== token ? current.token : renew();
    },
  };
}

/** One token that somebody pasted: when it is refused, the session ends. */
export function givenToken(token: string): TokenSource {
  return {
    token: async () => token,
    refused: async () => {
      throw new SignedOutError('the server does not accept this token: it may have expired');
    },
  };
}
