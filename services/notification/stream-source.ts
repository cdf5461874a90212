import { PlatformError } from '#shared/contract/errors.ts';
import { type StreamId, userOfNotificationStream } from '#shared/contract/ids.ts';
import type { ChangesOfStream, StreamSource } from '#shared/contract/internal-calls.ts';
import { emptyHead, type Feed } from '#shared/stream/feed.ts';
import type { StreamRow } from './domain/notification-row.ts';
import { toPushBody } from './domain/present.ts';
import type { NotificationStore } from './store/notification-store.ts';

const defaultLimit = 200;

/** What the hub reads, straight from the store. */
export function createStreamSource(store: NotificationStore): StreamSource {
  async function changesOf(stream: StreamId, after: number, limit: number): Promise<ChangesOfStream> {
    const user = userOfNotificationStream(stream);
    const feed: Feed<StreamRow> = user
      ? await store.changes(user, after, limit)
      : { rows: [], through: 0, head: emptyHead, reload: after > 0 };
    return { ...feed, head: { ...feed.head, members: 0 }, stream, rows: feed.rows.map(toWire) };
  }

  return {
    async heads({ streams }) {
      // The epoch is read first: should a new one begin in between, the caller meets it in its next call.
      const epoch = await store.epoch();
      const users = streams.map(userOfNotificationStream);
      const heads = await store.heads(users.filter((user) => user !== undefined));
      const inOrder = heads.values();
      return {
        epoch,
        heads: streams.map((stream, index) => ({
          stream,
          ...(users[index] === undefined ? emptyHead : (inOrder.next().value ?? emptyHead)),
          members: 0,
        })),
      };
    },
    async changes({ requests, limit = defaultLimit }) {
      const epoch = await store.epoch();
      const changes = await Promise.all(requests.map(({ stream, after }) => changesOf(stream, after, limit)));
      return { epoch, changes };
    },
    async memberships() {
      return { epoch: await store.epoch(), memberships: [] };
    },
    async membershipsSince() {
      return { token: '', memberships: [], reload: false };
    },
    async members() {
      throw new PlatformError('bad_request', 'notifications have no members');
    },
  };
}

function toWire(row: StreamRow): ChangesOfStream['rows'][number] {
  return { kind: row.kind, seq: row.seq, number: row.number, members: 0, body: toPushBody(row) };
}
