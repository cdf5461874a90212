import type { Mutation } from './mutation.ts';

const outbox = 'services/shared/stream/outbox.ts';

/** Decision 4: what was stored reaches the bus. */
export const outboxMutations: readonly Mutation[] = [
  {
    name: 'mark-cleared-without-its-seq',
    decision: 4,
    rule: 'the mark goes only if the row still has the seq that was published',
    house: 'chat',
    edits: [
      {
        file: 'services/chat/store/sqlite-statements.ts',
        find: 'Unsent = 0 WHERE Id = :Id AND Seq = :Seq`',
        replace: 'Unsent = 0 WHERE Id = :Id AND :Seq > 0`',
      },
    ],
  },
  {
    name: 'change-forgets-that-nobody-knows-the-row',
    decision: 4,
    rule: 'the first event that tells of a row tells that it is new, however often it has changed',
    house: 'chat',
    edits: [{ file: outbox, find: 'unsent: pending?.unsent ?? false };', replace: 'unsent: false };' }],
  },
  {
    name: 'mark-cleared-without-confirm',
    decision: 4,
    rule: 'the mark goes once the bus has confirmed',
    house: 'chat',
    edits: [
      {
        file: 'services/chat/outbox/outbox.ts',
        find: 'await (await handedOver).confirmed;',
        replace: '(await handedOver).confirmed.catch(() => undefined);',
      },
    ],
  },
  {
    name: 'no-sweeper',
    decision: 4,
    rule: 'sweepers publish what a process left behind',
    house: 'chat',
    edits: [
      {
        file: 'services/shared/stream/outbox-relay.ts',
        find: 'const gone = await Promise.all(rows.map((row) => this.#track(row)));',
        replace: 'const gone = await Promise.all(rows.slice(rows.length).map((row) => this.#track(row)));',
      },
    ],
  },
  {
    name: 'lease-for-ever',
    decision: 4,
    rule: 'a lease runs out',
    house: 'chat',
    edits: [
      { file: outbox, find: 'leasedUntil: now + leaseMs };', replace: 'leasedUntil: Number.MAX_SAFE_INTEGER };' },
    ],
  },
];
