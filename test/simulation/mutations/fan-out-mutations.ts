import type { Mutation } from './mutation.ts';

const gate = 'services/shared/hub/member-gate.ts';
const conversations = 'services/shared/hub/conversations.ts';
const dispatch = 'services/hub/dispatch/message-events.ts';

/** Decisions 9 and 10: whom a row goes to, and how it gets there. */
export const fanOutMutations: readonly Mutation[] = [
  {
    name: 'rows-go-on-doubt',
    decision: 9,
    rule: 'a row of a membership that the worker does not know waits',
    house: 'chat',
    edits: [
      {
        file: gate,
        find: 'return this.#needed <= this.#known;',
        replace: 'return this.#needed <= Number.POSITIVE_INFINITY;',
      },
    ],
  },
  {
    name: 'removed-member-stays',
    decision: 9,
    rule: 'whoever the service does not name any more is out',
    house: 'chat',
    edits: [{ file: gate, find: 'if (this.#versions.delete(user)) left.push(user);', replace: '' }],
  },
  {
    name: 'rows-without-their-version',
    decision: 9,
    rule: 'every row carries the membership version that it is for',
    house: 'chat',
    edits: [{ file: dispatch, find: 'members: membersVersion,', replace: 'members: 0 * membersVersion,' }],
  },
  {
    name: 'newcomer-begins-at-the-head',
    decision: 9,
    rule: 'whoever was here while he came in gets all rows from there on',
    house: 'chat',
    edits: [
      {
        file: 'services/shared/hub/conversation-members.ts',
        find: 'const movedBack = since !== undefined && since > 0 && rows.startFrom(since, entry, user);',
        replace:
          'const movedBack = since !== undefined && since > 0 && since < 0 && rows.startFrom(since, entry, user);',
      },
    ],
  },
  {
    name: 'large-conversation-not-followed',
    decision: 9,
    rule: 'rows of a large conversation come on a channel of its own',
    house: 'chat',
    edits: [
      {
        file: conversations,
        find: 'backplane\n      .subscribe(streamChannel(entry.stream), (bytes) => this.#frameOf(entry, bytes))',
        replace: 'backplane\n      .subscribe("never", (bytes) => this.#frameOf(entry, bytes))',
      },
    ],
  },
  {
    name: 'events-not-handed-to-the-backplane',
    decision: 10,
    rule: 'whoever takes an event hands its row to the backplane, for all workers',
    house: 'chat',
    edits: [{ file: dispatch, find: "if (backplane.state === 'up') return publish(event);", replace: '' }],
  },
  {
    name: 'order-of-events-trusted',
    decision: 10,
    rule: 'events come in any order and twice: the hub positions by seq',
    house: 'chat',
    edits: [
      {
        file: 'services/shared/stream/position.ts',
        find: 'const next = this.#early.get(place.seq + 1);',
        replace: 'const [next] = this.#early.values();',
      },
    ],
  },
];
