import { conversationOfStream, conversationStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import type { ChangesOfStream, MembersAnswer, StreamSource } from '#shared/contract/internal-calls.ts';
import type { ConversationHead } from './domain/conversation.ts';
import type { ChatRow } from './domain/message-row.ts';
import { toPushBody } from './domain/present.ts';
import { beginRound, formatSyncToken, parseSyncToken } from './domain/sync-token.ts';
import type { ChatFeed, ChatStore } from './store/chat-store.ts';

const defaultLimit = 200;
const noHead: ConversationHead = { seq: 0, number: 0, members: 0 };

/** What the hub reads, straight from the store. What is no conversation, or was one before a restore, is empty. */
export function createStreamSource(store: ChatStore): StreamSource {
  async function changesOf(stream: StreamId, after: number, limit: number): Promise<ChangesOfStream> {
    const conversation = conversationOfStream(stream);
    const feed: ChatFeed = conversation
      ? await store.changes(conversation, after, limit)
      : { rows: [], through: 0, head: noHead, reload: after > 0 };
    return { ...feed, stream, rows: feed.rows.map(toWire) };
  }

  async function membersOf(stream: StreamId, users: readonly UserId[]): Promise<MembersAnswer['members'][number]> {
    const conversation = conversationOfStream(stream);
    const now = conversation && (await store.membersAmong(conversation, users));
    return { stream, ...(now ?? { version: 0, large: false, users: [], all: [] }) };
  }

  return {
    async heads({ streams }) {
      // The epoch is read first: should a new one begin in between, the caller meets it in its next call.
      const epoch = await store.epoch();
      const conversations = streams.map(conversationOfStream);
      const heads = await store.heads(conversations.filter((conversation) => conversation !== undefined));
      const inOrder = heads.values();
      return {
        epoch,
        heads: streams.map((stream, index) => ({
          stream,
          ...(conversations[index] === undefined ? noHead : (inOrder.next().value ?? noHead)),
        })),
      };
    },
    async changes({ requests, limit = defaultLimit }) {
      const epoch = await store.epoch();
      const changes = await Promise.all(requests.map(({ stream, after }) => changesOf(stream, after, limit)));
      return { epoch, changes };
    },
    async memberships({ user }) {
      const epoch = await store.epoch();
      const memberships = await store.memberships(user as UserId);
      return {
        epoch,
        memberships: memberships.map(({ conversationId, ...rest }) => ({
          stream: conversationStream(conversationId),
          ...rest,
        })),
      };
    },
    async membershipsSince({ users, since }) {
      const epoch = await store.epoch();
      const last = since === null ? undefined : parseSyncToken(since);
      const reload = last?.epoch !== epoch;
      const round = beginRound(epoch, await store.now(), last);
      const places = reload ? [] : await store.placesSince(users, round.since);
      return {
        token: formatSyncToken({ ...round, since: round.next }),
        memberships: places.map(({ userId, conversationId, isIn }) => ({
          user: userId,
          stream: conversationStream(conversationId),
          isIn,
        })),
        reload,
      };
    },
    async members({ requests }) {
      const epoch = await store.epoch();
      return { epoch, members: await Promise.all(requests.map(({ stream, users }) => membersOf(stream, users))) };
    },
  };
}

function toWire(row: ChatRow): ChangesOfStream['rows'][number] {
  const { seq, number, members } = row;
  return { kind: row.kind === 'message' ? 'message' : 'messageDeleted', seq, number, members, body: toPushBody(row) };
}
