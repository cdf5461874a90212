import type { Mutation } from './mutation.ts';

const gate = 'services/shared/hub/member-gate.ts';
const conversations = 'services/shared/hub/conversations.ts';
const members = 'services/shared/hub/conversation-members.ts';
const rows = 'services/shared/hub/conversation-rows.ts';
const watch = 'services/shared/hub/membership-watch.ts';

/** Decision 9: who is in, and which rows are for whom. */
export const membershipMutations: readonly Mutation[] = [
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
    name: 'rows-decided-as-they-are-handed-on',
    decision: 9,
    rule: 'whom a row is for is decided in order of seq, whatever order a repair brings',
    house: 'chat',
    edits: [{ file: rows, find: 'deliveries.toSorted((a, b) => a.row.seq - b.row.seq)', replace: 'deliveries' }],
  },
  {
    name: 'first-row-lets-anybody-in',
    decision: 9,
    rule: 'a row that names others, or nobody, says nothing of one who is in doubt',
    house: 'chat',
    edits: [
      {
        file: 'services/shared/hub/absences.ts',
        find: 'return !isDoubtful && seq >= until;',
        replace: 'return isDoubtful || seq >= until;',
      },
    ],
  },
];
