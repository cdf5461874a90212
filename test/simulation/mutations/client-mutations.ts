import type { Mutation } from './mutation.ts';

const place = 'services/client/stream/stream-place.ts';
const reader = 'services/client/stream/stream-reader.ts';
const list = 'services/client/notifications/notification-list.ts';
const client = 'services/client/notifications/notification-client.ts';
const messages = 'services/client/chat/message-list.ts';

const takesAgain = {
  file: place,
  find: 'return position !== undefined && (seq <= position.seq || ahead.has(seq));',
  replace: 'return false && seq > 0 && ahead.size > 0 && position !== undefined;',
};
const gapUnread = { file: reader, find: 'if (!this.#options.misses()) return;', replace: 'if (Number(1) > 0) return;' };

/** Decision 7: what a client keeps true by itself. */
export const clientMutations: readonly Mutation[] = [
  {
    name: 'known-change-taken-again',
    decision: 7,
    rule: 'a client drops what it has',
    house: 'notifications',
    edits: [takesAgain],
    unseen:
      'rows are compared by seq and by id once more as they are merged; notification-list.test.ts and message-list.test.ts',
  },
  {
    name: 'gap-of-notifications-unread',
    quick: true,
    decision: 7,
    rule: 'a client reads the gap that stays',
    house: 'notifications',
    edits: [gapUnread],
  },
  {
    name: 'gap-of-messages-unread',
    decision: 7,
    rule: 'a client reads the gap that stays',
    house: 'chat',
    edits: [gapUnread],
  },
  {
    name: 'older-notification-taken',
    decision: 7,
    rule: 'of one row the latest state wins, by seq',
    house: 'notifications',
    edits: [
      {
        file: list,
        find: '(known.seq > seq || (known.seq === seq && !acted))) continue;',
        replace: 'known.seq === seq && !acted) continue;',
      },
    ],
  },
  {
    name: 'older-message-taken',
    decision: 7,
    rule: 'of one row the latest state wins, by seq',
    house: 'chat',
    edits: [
      {
        file: messages,
        find: '} else if ((rows.get(message.id)?.seq ?? 0) < message.seq) rows.set(message.id, message);',
        replace: '} else rows.set(message.id, message);',
      },
    ],
  },
  {
    name: 'gone-notification-comes-back',
    quick: true,
    decision: 7,
    rule: 'a row that is gone stays gone',
    house: 'notifications',
    edits: [{ file: list, find: 'if (gone.has(id)) continue;', replace: '' }],
  },
  {
    name: 'gone-message-comes-back',
    decision: 7,
    rule: 'a row that is gone stays gone',
    house: 'chat',
    edits: [{ file: messages, find: 'if (gone.has(message.id)) continue;', replace: '' }],
  },
  {
    name: 'nothing-read-after-subscribing',
    decision: 7,
    rule: 'subscribe first and read after',
    house: 'notifications',
    edits: [
      {
        file: client,
        find: 'if (from === null || reload) this.#set({ list: listFrom(cursor) });\n    void this.#reader.read();',
        replace:
          'if (from === null || reload) this.#set({ list: listFrom(cursor) });\n    if (from === null || reload) void this.#reader.read();',
      },
    ],
  },
  {
    name: 'reload-ignored',
    decision: 7,
    rule: 'a client that is told to reload forgets what it has',
    house: 'notifications',
    edits: [{ file: client, find: 'if (from === null || reload) this.#set', replace: 'if (from === null) this.#set' }],
  },
  {
    name: 'answer-of-another-life-taken',
    decision: 7,
    rule: 'what was answered by a life that a restore took back is asked for once more',
    house: 'chat',
    edits: [
      {
        file: 'services/client/chat/in-one-life.ts',
        find: 'if (life() === before) return answer;',
        replace: 'return answer;',
      },
    ],
  },
  {
    name: 'loaded-messages-not-compared-by-head',
    decision: 7,
    rule: 'loaded streams are compared by head at each reconnect',
    house: 'chat',
    edits: [
      {
        file: 'services/client/chat/loaded-messages.ts',
        find: 'if (!(hasMessages(this.#list) && isAtHead(this.#list, cursor))) this.read();',
        replace: 'if (!hasMessages(this.#list) && !isAtHead(this.#list, cursor)) this.read();',
      },
    ],
  },
];
