import { Router } from 'express';
import { z } from 'zod';
import { PlatformError } from '#shared/contract/errors.ts';
import { internalPaths } from '#shared/contract/internal-calls.ts';
import { maxTokenIdLength, type Revocation } from '#shared/contract/revocation.ts';
import { parseBody } from '#shared/http/parse-body.ts';
import { parseQuery } from '#shared/http/parse-query.ts';
import { textField } from '#shared/http/query-fields.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { revocationRequest, revokedSubject } from '#shared/schemas/revocations.ts';
import type { Revocations } from '../revocations.ts';

const longestKey = 'token:'.length + maxTokenIdLength;
const pageQuery = z.object({ after: textField.max(longestKey, 'must be the `next` of a page').optional() });

/** Of our own services and of whoever holds `INTERNAL_SECRET`: shuts users and tokens out, and lets them in again. */
export function revocationRoutes(revocations: Revocations, clock: Clock): Router {
  const router = Router();
  router.get(internalPaths.revocations, async (request, response) => {
    response.json(await revocations.inForce(parseQuery(pageQuery, request).after));
  });
  router.post(internalPaths.revocations, async (request, response) => {
    const wanted = parseBody(revocationRequest, request.body);
    // An earlier time never shortens, so a past one would do nothing: more likely a mistake.
    if (wanted.until <= clock.now()) throw new PlatformError('bad_request', 'until must be ahead: DELETE lifts');
    const { revocation, published } = await revocations.revoke(wanted);
    response.json({ ...named(revocation), published });
  });
  router.delete(internalPaths.revocations, async (request, response) => {
    response.json(await revocations.lift(parseQuery(revokedSubject, request)));
  });
  return router;
}

function named(revocation: Revocation): object {
  const until = new Date(revocation.until).toISOString();
  return revocation.kind === 'user' ? { userId: revocation.id, until } : { jti: revocation.id, until };
}
