import type { Mutation } from './mutation.ts';

const dispatch = 'services/hub/dispatch/message-events.ts';

/** Decisions 9 and 10: how a row gets to those whom it is for. */
export const fanOutMutations: readonly Mutation[] = [
  {
    name: 'rows-without-their-version',
    decision: 9,
    rule: 'every row carries the membership version that it is for',
    house: 'chat',
    edits: [{ file: dispatch, find: 'members: membersVersion,', replace: 'members: 0 * membersVersion,' }],
  },
  {
    name: 'large-conversation-not-followed',
    decision: 9,
    rule: 'rows of a large conversation come on a channel of its own',
    house: 'chat',
    edits: [
      {
        file: 'services/shared/hub/conversation-channels.ts',
        find: '.subscribe(streamChannel(entry.stream), (bytes)',
        replace: '.subscribe("never", (bytes)',
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
