import type { Principal } from '#shared/auth/principal.ts';
import type { PresenceChanged, SubscribeChatAnswer } from '#shared/contract/chat-dto.ts';
import { formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { conversationStream, type StreamId } from '#shared/contract/ids.ts';
import type { SubscribeAnswer } from '#shared/contract/notification-dto.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Conversations } from './conversations.ts';
import { atTime } from './expiry.ts';
import type { LiveMembers } from './live-members.ts';
import type { Member } from './member.ts';
import type { Streams } from './streams.ts';
import { parseConversation, parseCursors, type SubscribedCursors, toSubscribeChatAnswer } from './subscribe-chat.ts';
import { within } from './within.ts';

/** One connection's part in the hub. */
export interface Membership {
  /**
   * From now on the changes of `stream` are sent too. `cursor` is whatever the client sent.
   * @throws PlatformError `bad_request`; `unavailable` when the place in the stream is not known in time
   */
  subscribe(stream: StreamId, cursor: unknown): Promise<SubscribeAnswer>;
  /**
   * From now on changes, receipts and memberships of all conversations are sent too. `cursors` is whatever the client sent.
   * @throws PlatformError `bad_request`; `unavailable` when the places are not known in time
   */
  subscribeChat(cursors: unknown): Promise<SubscribeChatAnswer>;
  /** Tells the other members, if this is one. `conversation` is whatever the client sent. @throws PlatformError `bad_request` */
  typing(conversation: unknown, state: 'started' | 'stopped'): void;
  /** Replaces whom the client watches. `users` is whatever it sent. @throws PlatformError `bad_request`, `rate_limited` */
  watchPresence(users: unknown): Promise<readonly PresenceChanged[]>;
  /** The client showed a newer token of the same user. */
  renew(principal: Principal): void;
  /** The client changed its transport. */
  transportChanged(): void;
  /** The connection is gone. Safe to call twice. */
  leave(reason?: string): void;
}

export type MembershipParts = {
  readonly clock: Clock;
  readonly members: LiveMembers;
  readonly streams: Streams;
  /** undefined: it takes no part in chat. */
  readonly conversations: Conversations | undefined;
  /** Whether the connection ends when its token does. */
  readonly closeAtExpiry: boolean;
};

const subscribeWaitMs = 10_000;

export function openMembership(member: Member, parts: MembershipParts): Membership {
  const { clock, members, conversations, closeAtExpiry } = parts;
  let expiry: Timer | undefined;
  const renew = (principal: Principal) => {
    member.principal = principal;
    expiry?.cancel();
    if (closeAtExpiry) expiry = atTime(clock, principal.expiresAt, () => members.close(member, 'expired'));
  };
  renew(member.connection.principal);
  return {
    renew,
    subscribe: (stream, cursor) => subscribe(member, stream, cursor, parts),
    subscribeChat: async (sent) => subscribeChat(member, parseCursors(sent), parts),
    typing(sent, state) {
      const conversation = parseConversation(sent);
      if (conversation) conversations?.typing[state](member, conversationStream(conversation));
    },
    watchPresence: async (users) => {
      if (!conversations || member.endedBy) return [];
      return conversations.presence.watch(member, users);
    },
    transportChanged: () => members.transportChanged(member),
    leave: (reason) => {
      expiry?.cancel();
      members.leave(member, reason);
    },
  };
}

async function subscribe(
  member: Member,
  stream: StreamId,
  cursor: unknown,
  { clock, streams }: MembershipParts,
): Promise<SubscribeAnswer> {
  const isCursor = cursor === undefined || cursor === null || (typeof cursor === 'string' && cursor.length <= 128);
  if (!isCursor) throw new PlatformError('bad_request', 'cursor must be a string or null');
  const entry = streams.entry(stream);
  await within(clock, subscribeWaitMs, entry.placed());
  const { place } = entry.position;
  if (!place) throw new PlatformError('unavailable', 'the stream can not be read now');
  member.cursorStreams.add(stream);
  const epoch = typeof cursor === 'string' ? parseCursor(cursor)?.epoch : place.epoch;
  return { cursor: formatCursor(place), reload: epoch !== place.epoch };
}

async function subscribeChat(
  member: Member,
  cursors: SubscribedCursors,
  { clock, conversations }: MembershipParts,
): Promise<SubscribeChatAnswer> {
  if (!conversations) throw new PlatformError('unavailable', 'this connection takes no part in chat');
  const streams = [...cursors.keys()].map(conversationStream);
  await within(clock, subscribeWaitMs, conversations.prepared(member.user, streams));
  const entries = conversations.entriesOf(member.user, streams);
  const answer = entries && toSubscribeChatAnswer(entries, cursors);
  if (!answer) throw new PlatformError('unavailable', 'the conversations can not be read now');
  member.chatSubscribed = true;
  return answer;
}
