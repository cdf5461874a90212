import express from 'express';
import { issueToken } from '#shared/auth/token-issuer.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import type { EventPublisher } from '#shared/bus/event-publisher.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import { toUserInteractionPayload, type UserActionType } from '#shared/contract/user-interaction-event.ts';
import { requireUser, userOf } from '#shared/http/authenticated.ts';
import type { Clock } from '#shared/runtime/clock.ts';

/** The people that `make run` lets you be. */
export const demoPeople = [
  { user: 'alice', name: 'Alice Aalto' },
  { user: 'bob', name: 'Bob Brandt' },
  { user: 'carol', name: 'Carol Castillo' },
  { user: 'dave', name: 'Dave Dubois' },
  { user: 'erin', name: 'Erin Eze' },
].map((person) => ({ ...person, avatar: '' }));

const demoActions = ['Like', 'Comment', 'Reply'] as const satisfies readonly UserActionType[];
const tokenLifetimeSeconds = 15 * 60;

export type DemoOptions = {
  readonly secret: string;
  readonly issuer: string;
  readonly audience: string;
  readonly verifier: TokenVerifier;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
};

/** Sign-in without a password and events at the press of a button: one process on embedded parts only. */
export function demoRoutes({ secret, issuer, audience, verifier, publisher, clock }: DemoOptions): express.Router {
  const router = express.Router();

  router.get('/demo/people', (_request, response) => {
    response.json({ people: demoPeople });
  });

  router.post('/demo/sign-in', async (request, response) => {
    const { user } = personNamed(request.body?.user);
    const token = await issueToken({ secret, issuer, audience, user, lifetimeSeconds: tokenLifetimeSeconds });
    response.json({ token, expiresAt: new Date(clock.now() + tokenLifetimeSeconds * 1000).toISOString() });
  });

  router.post('/demo/events', requireUser(verifier), async (request, response) => {
    const actor = personNamed(userOf(response).user);
    const recipient = personNamed(request.body?.to);
    const actionType = demoActions.find((action) => action === request.body?.action);
    if (!actionType) throw new PlatformError('bad_request', `action must be one of ${demoActions.join(', ')}`);
    const targetId: unknown = request.body?.entityId;
    if (typeof targetId !== 'string' || targetId.length === 0 || targetId.length > 64) {
      throw new PlatformError('bad_request', 'entityId must be a string of 1–64 characters');
    }
    const payload = toUserInteractionPayload(
      {
        userId: actor.user,
        targetId,
        targetType: 'Post',
        actionType,
        actorName: actor.name,
        actorAvatar: actor.avatar,
        targetUserId: recipient.user,
      },
      new Date(clock.now()),
    );
    await publisher.publish({ exchange: exchanges.userInteraction, messageUrn: messageUrns.userInteraction, payload });
    response.status(202).json({});
  });

  return router;
}

function personNamed(user: unknown): { user: UserId; name: string; avatar: string } {
  const person = demoPeople.find((candidate) => candidate.user === user);
  if (!person) throw new PlatformError('not_found', 'no demo person of that name');
  return { ...person, user: person.user as UserId };
}
