import type { Mutation } from './mutation.ts';

const feed = 'services/shared/stream/feed.ts';
const notificationStatements = 'services/notification/store/sqlite-statements.ts';
const database = 'test/simulation/simulated-database.ts';
const list = 'services/client/notifications/notification-list.ts';

const stays = {
  file: feed,
  find: 'return { seq: head.seq + 1, number: row.number, headNumber: head.number };',
  replace: 'return { seq: row.seq || head.seq + 1, number: row.number, headNumber: head.number };',
};
const floorIgnored = {
  file: feed,
  find: 'const isPurged = after > 0 && after < floor && since < floor;',
  replace: 'const isPurged = false;',
};
const anyEpoch = {
  file: feed,
  find: 'return cursor.epoch === epoch ? cursor.seq : undefined;',
  replace: 'return cursor.seq;',
};
const readsPrimary = { file: database, find: 'readsPrimary: false', replace: 'readsPrimary: true' };
const answersEarly = { file: database, find: 'answersEarly: false', replace: 'answersEarly: true' };

/** Decisions 1 to 3, 5 and 6: what a store and its readers hold to. */
export const orderMutations: readonly Mutation[] = [
  {
    name: 'changed-notification-stays',
    quick: true,
    decision: 1,
    rule: 'a row that changes moves to the next seq',
    house: 'notifications',
    edits: [stays],
  },
  {
    name: 'changed-message-stays',
    quick: true,
    decision: 1,
    rule: 'a row that changes moves to the next seq',
    house: 'chat',
    edits: [stays],
  },
  {
    name: 'feed-tells-no-deletion',
    quick: true,
    decision: 1,
    rule: 'the feed holds everything that changed, also what is gone',
    house: 'notifications',
    edits: [
      {
        file: notificationStatements,
        find: "changes: 'SELECT * FROM notification_rows WHERE RecipientId = ? AND Seq > ?",
        replace: "changes: 'SELECT * FROM notification_rows WHERE RecipientId = ? AND Deleted = 0 AND Seq > ?",
      },
    ],
  },
  {
    name: 'newest-tombstone-purged',
    decision: 2,
    rule: 'the newest row of a stream is never purged, so no seq is used twice',
    house: 'notifications',
    edits: [{ file: notificationStatements, find: 'newer.Seq > tombstone.Seq', replace: 'newer.Seq >= tombstone.Seq' }],
  },
  {
    name: 'head-of-yesterday',
    quick: true,
    decision: 2,
    rule: 'a writer takes head + 1 of the very state that it writes to',
    house: 'notifications',
    edits: [
      {
        file: 'services/shared/stream/feed.ts',
        find: 'return { seq: head.seq + 1, number: head.number + 1, headNumber: head.number + 1 };',
        replace: 'return { seq: Math.max(1, head.seq), number: head.number + 1, headNumber: head.number + 1 };',
      },
    ],
  },
  {
    name: 'purge-floor-ignored-by-notifications',
    decision: 2,
    rule: 'a cursor below the purge floor is answered with reload',
    house: 'notifications',
    edits: [floorIgnored],
  },
  {
    name: 'purge-floor-ignored-by-chat',
    decision: 2,
    rule: 'a cursor below the purge floor is answered with reload',
    house: 'chat',
    edits: [floorIgnored],
  },
  {
    name: 'cursor-of-another-life-by-notifications',
    decision: 2,
    rule: 'a cursor of another epoch is answered with reload',
    house: 'notifications',
    edits: [anyEpoch],
  },
  {
    name: 'cursor-of-another-life-by-chat',
    decision: 2,
    rule: 'a cursor of another epoch is answered with reload',
    house: 'chat',
    edits: [anyEpoch],
  },
  {
    name: 'restore-without-epoch',
    decision: 2,
    rule: 'a restore ends with a new epoch',
    house: 'notifications',
    edits: [
      {
        file: 'services/notification/store/sqlite-notification-store.ts',
        find: 'const made = await this.#writes.run(() => this.#setEpoch());',
        replace: 'const made = await this.epoch();',
      },
    ],
  },
  {
    name: 'notifications-read-the-primary',
    decision: 3,
    rule: 'feeds are read with majority concern',
    house: 'notifications',
    edits: [readsPrimary],
  },
  {
    name: 'chat-reads-the-primary',
    decision: 3,
    rule: 'feeds are read with majority concern',
    house: 'chat',
    edits: [readsPrimary],
  },
  {
    name: 'notifications-answer-early',
    decision: 3,
    rule: 'a write is answered once the majority has it',
    house: 'notifications',
    edits: [answersEarly],
  },
  {
    name: 'chat-answers-early',
    decision: 3,
    rule: 'a write is answered once the majority has it',
    house: 'chat',
    edits: [answersEarly],
  },
  {
    name: 'send-key-not-unique',
    decision: 5,
    rule: 'a unique key carries the idempotency of a send',
    house: 'chat',
    edits: [
      {
        file: 'services/chat/store/stored-message.ts',
        find: 'SendKey: sendKey(message.senderId, message.clientMessageId) ?? id,',
        replace: 'SendKey: id,',
      },
    ],
  },
  {
    name: 'place-closed-after-its-row',
    decision: 5,
    rule: 'a place is closed for reads before its row is written',
    house: 'chat',
    unseen: 'SQLite writes both in one transaction; mongo-steps.test.ts stops a writer of MongoDB in between',
    edits: [],
  },
  {
    name: 'one-event-two-rows',
    decision: 6,
    rule: 'one row per event, once per messageId',
    house: 'notifications',
    edits: [
      {
        file: 'services/notification/store/sqlite-notification-store.ts',
        find: 'newRow(draftOf(notification, this.#clock.now()),',
        replace: 'newRow(draftOf({ ...notification, messageId: String(Math.random()) }, this.#clock.now()),',
      },
    ],
  },
  {
    name: 'read-all-forgets-the-mark',
    decision: 6,
    rule: 'read-all is one mark that every reader of the feed gets',
    house: 'notifications',
    edits: [
      {
        file: list,
        find: '      readThrough = through;\n',
        replace: '      readThrough = Math.min(through, readThrough);\n',
      },
    ],
  },
  {
    name: 'read-position-goes-back',
    decision: 6,
    rule: 'a read position never goes back',
    house: 'chat',
    edits: [
      {
        file: 'services/chat/store/sqlite-chat-store.ts',
        find: 'const readThrough = Math.max(place.ReadThrough, Math.min(through, stored.HeadNumber));',
        replace: 'const readThrough = Math.max(0, Math.min(through, stored.HeadNumber) - 1);',
      },
    ],
  },
];
