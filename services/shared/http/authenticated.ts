import type { RequestHandler, Response } from 'express';
import type { InternalTokens } from '#shared/auth/internal-tokens.ts';
import type { Principal } from '#shared/auth/principal.ts';
import { bearerToken } from '#shared/auth/token-places.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import { unauthorized } from '#shared/auth/unauthorized.ts';

/** Lets a request with a valid `Authorization: Bearer` pass; a token in the query counts for nothing here. */
export function requireUser(verifier: TokenVerifier): RequestHandler {
  return async (request, response, next) => {
    const token = bearerToken(request.headers);
    if (token === undefined) throw unauthorized();
    response.locals['principal'] = await verifier.verify(token);
    next();
  };
}

/** Who calls. Only behind `requireUser`. */
export function userOf(response: Response): Principal {
  const principal: Principal | undefined = response.locals['principal'];
  if (!principal) throw new Error('the route lacks requireUser');
  return principal;
}

/** Lets calls of our own services pass. */
export function requireInternal(tokens: InternalTokens): RequestHandler {
  return async (request, _response, next) => {
    const token = bearerToken(request.headers);
    if (token === undefined) throw unauthorized();
    await tokens.verify(token);
    next();
  };
}
