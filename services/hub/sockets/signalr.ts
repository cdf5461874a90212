import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { Principal } from '#shared/auth/principal.ts';
import { hubToken } from '#shared/auth/token-places.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { notificationStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import { serverMethods } from '#shared/contract/names.ts';
import type { Hub } from '#shared/hub/hub.ts';
import type { Membership } from '#shared/hub/membership.ts';
import {
  corsHeaders,
  HubArgumentError,
  HubError,
  type SignalRConnection,
  type SignalRHub,
} from '#shared/signalr/index.ts';
import { chatMethods } from './chat-methods.ts';
import { SignalRClient } from './signalr-client.ts';

/** Without a principal: a token that does not pass (any more), known by its fingerprint. */
export type HubIdentity = { readonly principal: Principal | undefined; readonly fingerprint: string };

export type PlatformHubOptions = {
  readonly hub: Hub;
  readonly verifier: TokenVerifier;
  readonly origins: OriginPolicy;
  readonly closeAtExpiry: boolean;
};

/** What one hub path is about. */
type HubRole = {
  /** Streams that every connection of the user is in. */
  readonly streams: (user: UserId) => readonly StreamId[];
  readonly chat: boolean;
  readonly methods: Readonly<Record<string, (membership: Membership, argument: unknown, user: UserId) => unknown>>;
};

/** The first message waits for the client's first word: Sonixy's frontend registers its handler after `start()`. */
const holdFirstMessageMs = 250;

/** `/hubs/notifications`: every connection is in its user's own stream. */
export function notificationsHub(options: PlatformHubOptions): SignalRHub<HubIdentity> {
  return platformHub(options, {
    streams: (user) => [notificationStream(user)],
    chat: false,
    methods: {
      [serverMethods.subscribe]: (membership, cursor, user) => membership.subscribe(notificationStream(user), cursor),
    },
  });
}

/** `/hubs/chat`: every connection is in all conversations of its user. */
export function chatHub(options: PlatformHubOptions): SignalRHub<HubIdentity> {
  return platformHub(options, { streams: () => [], chat: true, methods: chatMethods });
}

function platformHub(
  { hub, verifier, origins, closeAtExpiry }: PlatformHubOptions,
  { streams, chat, methods }: HubRole,
): SignalRHub<HubIdentity> {
  const memberships = new WeakMap<SignalRConnection<HubIdentity>, Membership>();
  const callable = Object.entries(methods).map(([name, method]) => [
    name,
    (connection: SignalRConnection<HubIdentity>, argument: unknown) =>
      call(connection, memberships.get(connection), (membership, user) => method(membership, argument, user)),
  ]);
  return {
    async authorize(request, { established }) {
      if (!origins.allows(request.headers.origin)) throw new PlatformError('forbidden', 'this origin is not allowed');
      const identity = await identify(request, verifier, established);
      if (identity.principal && !established) {
        const { user } = identity.principal;
        await hub.checkUser(user);
        await hub.prepare(streams(user), chat ? user : undefined);
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
    methods: Object.fromEntries(callable),
    onConnected(connection) {
      const { principal } = connection.identity;
      if (!principal) throw new PlatformError('unauthorized', 'a valid token is required');
      const client = new SignalRClient(connection, principal);
      memberships.set(connection, hub.join(client, { streams: streams(principal.user), chat, closeAtExpiry }));
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

async function call(
  { identity }: SignalRConnection<HubIdentity>,
  membership: Membership | undefined,
  method: (membership: Membership, user: UserId) => unknown,
): Promise<unknown> {
  if (!identity.principal || !membership) throw new HubError('the connection takes no part in this hub');
  try {
    return await method(membership, identity.principal.user);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    throw error.code === 'bad_request' ? new HubArgumentError(error.message) : new HubError(error.message);
  }
}
