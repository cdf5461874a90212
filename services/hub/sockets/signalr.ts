import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { Principal } from '#shared/auth/principal.ts';
import { hubToken } from '#shared/auth/token-places.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { notificationStream } from '#shared/contract/ids.ts';
import { serverMethods } from '#shared/contract/names.ts';
import type { Hub, Membership } from '#shared/hub/hub.ts';
import {
  corsHeaders,
  HubArgumentError,
  HubError,
  type SignalRConnection,
  type SignalRHub,
} from '#shared/signalr/index.ts';
import { SignalRClient } from './signalr-client.ts';

/** Without a principal: a token that does not pass (any more), known by its fingerprint. */
export type HubIdentity = { readonly principal: Principal | undefined; readonly fingerprint: string };

export type NotificationsHubOptions = {
  readonly hub: Hub;
  readonly verifier: TokenVerifier;
  readonly origins: OriginPolicy;
  readonly closeAtExpiry: boolean;
};

/** The first message waits for the client's first word: Sonixy's frontend registers its handler after `start()`. */
const holdFirstMessageMs = 250;

/** `/hubs/notifications`: every connection is in its user's own stream. */
export function notificationsHub({
  hub,
  verifier,
  origins,
  closeAtExpiry,
}: NotificationsHubOptions): SignalRHub<HubIdentity> {
  const memberships = new WeakMap<SignalRConnection<HubIdentity>, Membership>();
  return {
    async authorize(request, { established }) {
      if (!origins.allows(request.headers.origin)) throw new PlatformError('forbidden', 'this origin is not allowed');
      const identity = await identify(request, verifier, established);
      if (identity.principal && !established) {
        hub.checkUser(identity.principal.user);
        await hub.prepare([notificationStream(identity.principal.user)]);
      }
      return identity;
    },
    identityKey: ({ principal }) => principal?.user ?? '',
    sameUser: (owner, candidate) =>
      candidate.principal
        ? candidate.principal.user === owner.principal?.user
        : candidate.fingerprint === owner.fingerprint,
    admit: () => hub.admit(),
    cors: (request) => corsHeaders(request, (origin) => origins.allows(origin)),
    holdFirstMessageMs,
    methods: {
      [serverMethods.subscribe]: (connection, cursor) => subscribe(connection, memberships.get(connection), cursor),
    },
    onConnected(connection) {
      const { principal } = connection.identity;
      if (!principal) throw new PlatformError('unauthorized', 'a valid token is required');
      const streams = [notificationStream(principal.user)];
      memberships.set(connection, hub.join(new SignalRClient(connection, principal), { streams, closeAtExpiry }));
    },
    onDisconnected(connection, error) {
      memberships.get(connection)?.leave(error ? 'error' : 'closed by the client');
    },
    onAuthorized(connection, identity) {
      if (!identity.principal || identity.fingerprint === connection.identity.fingerprint) return;
      connection.setIdentity(identity);
      memberships.get(connection)?.renew(identity.principal);
    },
  };
}

/**
 * A live connection may go on with the very token that it began with, although that is expired by now: a 401 on a poll
 * would end a stock client for good. Whether expiry ends a connection is a setting of the hub.
 */
async function identify(request: IncomingMessage, verifier: TokenVerifier, established: boolean): Promise<HubIdentity> {
  const token = hubToken(request);
  if (token === undefined) throw new PlatformError('unauthorized', 'a valid token is required');
  const fingerprint = createHash('sha256').update(token).digest('base64');
  try {
    return { principal: await verifier.verify(token), fingerprint };
  } catch (error) {
    if (established && error instanceof PlatformError && error.code === 'unauthorized') {
      return { principal: undefined, fingerprint };
    }
    throw error;
  }
}

async function subscribe(
  { identity }: SignalRConnection<HubIdentity>,
  membership: Membership | undefined,
  cursor: unknown,
) {
  if (!identity.principal || !membership) throw new HubError('the connection is not in a stream');
  try {
    return await membership.subscribe(notificationStream(identity.principal.user), cursor);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw error.code === 'bad_request' ? new HubArgumentError(error.message) : new HubError(error.message);
  }
}
