import type { RequestHandler, Response } from 'express';
import type { InternalTokens } from '#shared/auth/internal-tokens.ts';
import type { Principal } from '#shared/auth/principal.ts';
import { bearerToken } from '#shared/auth/token-places.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import { PlatformError } from '#shared/contract/errors.ts';

/** Only with a valid token in `Authorization: Bearer`; one in the query is not looked at. */
export function requireUser(verifier: TokenVerifier): RequestHandler {
  return async (request, response, next) => {
    const principal = await verifier.verify(bearerToken(request.headers) ?? '');
    response.locals = { ...response.locals, principal };
    next();
  };
}

/** Behind `requireUser` only. */
export function userOf(response: Response): Principal {
  const { principal } = response.locals as { principal?: Principal };
  if (!principal) throw new PlatformError('internal', 'the route is not behind requireUser');
  return principal;
}

/** Only with a token of `INTERNAL_SECRET`. */
export function requireInternal(tokens: InternalTokens): RequestHandler {
  return async (request, _response, next) => {
    await tokens.verify(bearerToken(request.headers) ?? '');
    next();
  };
}
