import { randomBytes } from 'node:crypto';
import { MongoClient, ObjectId } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collections } from '#shared/contract/names.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import type { Head } from '#shared/stream/feed.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import { type RowDocument, toDocument, toMove, toStoredRow } from './mongo-rows.ts';
import { newUser, notification } from './notification-store.fixture.ts';
import type { NotificationStore } from './notification-store.ts';
import { changedRow, draftOf, newMark, newRow } from './stored-row.ts';

const log = createLogger({ name: 'test', level: 'silent' });

/** A writer that read the head, froze, and writes when the seq that it planned was taken and left again. */
describeOnServers('mongodb', 'a writer that froze between its two steps', (url) => {
  const database = `sonixy_test_${randomBytes(6).toString('hex')}`;
  let client: MongoClient;
  let store: NotificationStore;

  beforeAll(async () => {
    client = new MongoClient(await url());
    store = connectMongoNotificationStore({ url: await url(), database, clock: systemClock, log });
    await store.ping();
  });

  afterAll(async () => {
    await store?.close();
    await client?.db(database).dropDatabase();
    await client?.close();
  });

  const rows = () => client.db(database).collection<RowDocument>(collections.notificationRows);

  async function streamOfThree() {
    const user = newUser();
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) ids.push((await store.append(notification(user))).row.id);
    const [first = '', second = ''] = ids;
    const [frozenAt] = await store.heads([user]);
    if (!frozenAt) throw new Error('the stream has no head');
    return { user, first, second, frozenAt };
  }

  async function insertAt(user: ReturnType<typeof newUser>, head: Head) {
    await rows().insertOne(toDocument(newRow(draftOf(notification(user), Date.now()), head)));
  }

  async function moveTo(id: string, head: Head) {
    const row = await rows().findOne({ _id: new ObjectId(id) });
    if (!row) throw new Error('the row is gone');
    await rows().findOneAndUpdate({ _id: row._id }, toMove(changedRow(toStoredRow(row), 'read', head, Date.now())));
  }

  describe.each([
    ['adds a row', (s: Awaited<ReturnType<typeof streamOfThree>>, head: Head) => insertAt(s.user, head)],
    ['changes a row', (s: Awaited<ReturnType<typeof streamOfThree>>, head: Head) => moveTo(s.second, head)],
    [
      'marks all as read',
      (s: Awaited<ReturnType<typeof streamOfThree>>, head: Head) =>
        rows()
          .insertOne(toDocument(newMark(s.user, head, Date.now())))
          .then(() => undefined),
    ],
  ])('and %s', (_what, write) => {
    it('is refused where a row has been and has moved on', async () => {
      const stream = await streamOfThree();
      await store.change(stream.user, stream.first, 'read');
      await store.change(stream.user, stream.first, 'archive');
      expect(await store.heads([stream.user])).toEqual([{ seq: 5, number: 3 }]);
      await expect(write(stream, stream.frozenAt)).rejects.toMatchObject({ code: 11000 });
      expect(await store.heads([stream.user])).toEqual([{ seq: 5, number: 3 }]);
      await store.append(notification(stream.user));
      expect(await store.heads([stream.user])).toEqual([{ seq: 6, number: 4 }]);
    });

    it('succeeds when nobody wrote meanwhile', async () => {
      const stream = await streamOfThree();
      await write(stream, stream.frozenAt);
      expect(await store.heads([stream.user])).toMatchObject([{ seq: 4 }]);
    });
  });
});
