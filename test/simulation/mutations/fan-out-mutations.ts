import type { Mutation } from './mutation.ts';

const gate = 'services/shared/hub/member-gate.ts';
const conversations = 'services/shared/hub/conversations.ts';
const members = 'services/shared/hub/conversation-members.ts';
const watch = 'services/shared/hub/membership-watch.ts';
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
        file: members,
        find: 'const movedBack = since !== undefined && since > 0 && rows.startFrom(since, entry, user);',
        replace:
          'const movedBack = since !== undefined && since > 0 && since < 0 && rows.startFrom(since, entry, user);',
      },
    ],
  },
  {
    name: 'newcomer-trusted-while-rows-are-on-their-way',
    decision: 9,
    rule: 'nobody knows whether he who came in while older rows were to come is to get them: those tell',
    house: 'chat',
    edits: [
      {
        file: members,
        find: 'if ((entry.handedOn?.seq ?? 0) < version) entry.absences.doubt(user.user, version);',
        replace: '',
      },
    ],
  },
  {
    name: 'versions-of-another-life-kept',
    decision: 9,
    rule: 'what is known of a conversation counts in one life of the store, also where its place was forgotten before',
    house: 'chat',
    edits: [
      {
        file: 'services/shared/hub/conversation-entry.ts',
        find: 'if (this.#life !== undefined) this.reset();',
        replace: '',
      },
    ],
  },
  {
    name: 'comings-not-asked-for',
    decision: 9,
    rule: 'who came in unheard is found by asking at intervals',
    house: 'chat',
    edits: [{ file: watch, find: 'this.ask();\n      this.#schedule();', replace: 'this.#schedule();' }],
  },
  {
    name: 'comings-not-asked-for-on-heal',
    decision: 9,
    rule: 'who came in unheard is asked for at once when the backplane heals',
    house: 'chat',
    edits: [{ file: conversations, find: 'this.#watch.ask();', replace: '' }],
  },
  {
    name: 'goings-not-told-again',
    decision: 9,
    rule: 'whoever went out of what his worker never knew him in is told so',
    house: 'chat',
    edits: [{ file: conversations, find: 'else this.#members.isOut(user, stream);', replace: '' }],
  },
  {
    name: 'memberships-of-another-life-kept',
    decision: 9,
    rule: 'after a restore all memberships are read anew',
    house: 'chat',
    edits: [{ file: watch, find: 'if (mustReload) onReload();', replace: '' }],
  },
  {
    name: 'changes-asked-for-without-overlap',
    decision: 7,
    rule: 'a change is seen a moment after its time: what changed is read with overlap',
    house: 'chat',
    edits: [
      {
        file: 'services/chat/domain/sync-token.ts',
        find: 'const overlapMs = 10_000;',
        replace: 'const overlapMs = 0;',
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
