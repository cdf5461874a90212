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

/**
 * Tokens of an application's own function, called again shortly before the last one expires and when that was refused.
 * Without an expiry in the token it is called each time.
 */
export function calledTokens(call: () => string | Promise<string>, clock: Clock): TokenSource {
  return renewingTokens(async () => {
    const token = await call();
    const expiresAt = new Date((claimsOf(token).exp ?? 0) * 1000).toISOString();
    return { token, expiresAt };
  }, clock);
}

type Claims = { readonly exp?: number | undefined; readonly user?: string | undefined };

const nameIdentifier = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier';

/** What a JWT says about itself, unverified: that is the server's business. Nothing, where it is none. */
export function claimsOf(token: string): Claims {
  try {
    const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const user = claims['sub'] ?? claims[nameIdentifier];
    const { exp } = claims;
    return {
      exp: typeof exp === 'number' && Math.abs(exp) < 8.64e12 ? exp : undefined,
      user: typeof user === 'string' && user !== '' ? user : undefined,
    };
  } catch {
    return {};
  }
}
