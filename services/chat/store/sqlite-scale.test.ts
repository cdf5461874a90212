import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { planOf } from '#shared/store/sqlite-plan.fixture.ts';
import { message, newUser, times } from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';
import { openSqliteChatStore } from './sqlite-chat-store.ts';
import { sqliteStatements } from './sqlite-statements.ts';
import { draftOf, newRow, type StoredHead } from './stored-message.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const [messages, members, conversations] = [100_000, 1_000, 1_000];
const limit = 50;

/** The sizes that the platform promises, in one file: what a query visits is counted, not how long it takes. */
describe('100,000 messages, 1,000 members, 1,000 conversations in one SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-chat-scale-'));
  const file = join(folder, 'chat.sqlite');
  const reader = newUser('reader');
  let store: ChatStore;
  let database: DatabaseSync;
  let id: ConversationId;
  let people: UserId[];
  let visited = 0;

  beforeAll(async () => {
    store = openSqliteChatStore({ file, clock, log });
    people = times(members - 1, (index) => newUser(`p${index}`));
    const { view } = await store.createConversation({ type: 'group', creator: reader, others: people, name: 'all' });
    id = view.conversation.id;
    const { seq, number, members: version } = view.conversation.head;
    database = new DatabaseSync(file, { timeout: 5_000 });
    load({ seq, number, members: version, memberCount: members, large: true });
    await Promise.all(
      times(conversations - 1, (index) =>
        store.createConversation({ type: 'private', creator: reader, others: [newUser(`q${index}`)], name: null }),
      ),
    );
    database.function('visited', () => {
      visited += 1;
      return 1;
    });
  }, 240_000);

  afterAll(async () => {
    database?.close();
    await store?.close();
    rmSync(folder, { recursive: true });
  });

  /** The rows that as many sends would write, in one transaction. */
  function load(from: StoredHead): void {
    const addRow = database.prepare(sqliteStatements.addRow);
    let head = from;
    let row: ReturnType<typeof newRow> | undefined;
    database.exec('BEGIN IMMEDIATE');
    for (let count = 0; count < messages; count += 1) {
      const sender = people[count % people.length] as UserId;
      const draft = draftOf(message(id, sender, { content: `text ${count}` }), clock.now());
      row = { ...newRow(draft, head), PendingSince: 0, LeaseUntil: 0, Unsent: false };
      addRow.run(values(row));
      head = { ...head, seq: row.Seq, number: row.HeadNumber };
    }
    const told = { id, seq: head.seq, number: head.number };
    database
      .prepare(
        'UPDATE chat_conversations SET HeadSeq = :seq, HeadNumber = :number, LastMessageNumber = :number WHERE Id = :id',
      )
      .run(told);
    database.exec('COMMIT');
  }

  const plan = (sql: string) => planOf(database, sql);

  describe.each([
    ['without statistics', () => {}],
    ['with statistics of all that is there', () => database.exec('ANALYZE')],
  ])('the plan of every statement, %s,', (_what, prepare) => {
    beforeAll(prepare);

    it.each(Object.entries(sqliteStatements))('%s: an index, no scan, no sort', (_name, sql) => {
      for (const step of plan(sql)) {
        expect(step).not.toMatch(/TEMP B-TREE|SCAN/);
        if (/^SEARCH/.test(step)) expect(step).toMatch(/USING (COVERING INDEX|INDEX|PRIMARY KEY)/);
      }
    });
  });

  /** How many rows a statement looks at, and how many it answers. */
  function visit(name: keyof typeof sqliteStatements, parameters: Record<string, SQLInputValue>): [number, number] {
    const sql: string = sqliteStatements[name];
    const counted = sql.replace(/ORDER BY/, 'AND visited() ORDER BY');
    expect(counted).not.toBe(sql);
    expect(plan(counted)).toEqual(plan(sql));
    visited = 0;
    const rows = database.prepare(counted).all(parameters);
    return [visited, rows.length];
  }

  const places = [
    ['the beginning', 0],
    ['the middle', messages / 2],
    ['the end', messages - limit],
  ] as const;

  it.each(places)(
    'a page of history, of the feed and of members visits no more than it answers: %s',
    (_what, place) => {
      const page = { ConversationId: id, Limit: limit };
      expect(visit('list', { ...page, Before: messages + 2 - place })).toEqual([limit, limit]);
      expect(visit('changes', { ...page, After: place })).toEqual([limit, limit]);
      const joinedAt = Number(database.prepare('SELECT min(JoinedAt) AS At FROM chat_members').get()?.['At']);
      const all = [reader, ...people].toSorted();
      const after = all[Math.floor((place / messages) * (members - limit - 1))] as UserId;
      expect(visit('members', { ...page, JoinedAt: joinedAt, UserId: after })).toEqual([limit, limit]);
    },
  );

  it('a head, a search of a key and the heir visit one row', () => {
    expect(visit('highestInRank', { ConversationId: id })).toEqual([1, 1]);
    for (const name of ['conversation', 'row', 'rowOfKey', 'rowOfNumber', 'member'] as const) {
      expect(plan(sqliteStatements[name]).join()).toMatch(/^SEARCH [^,]*\((?:\w+=\?)(?: AND \w+=\?)*\)$/);
    }
  });

  it('what is pending is found among all that is not', async () => {
    const { row } = await store.send(message(id, reader));
    // The first row of each conversation is pending too.
    const pending = { Since: clock.now() + 60_000, Now: clock.now(), Limit: 10_000 };
    expect(visit('pending', pending)).toEqual([conversations + 1, conversations + 1]);
    await store.published(row);
    expect(visit('pending', pending)).toEqual([conversations, conversations]);
  });

  it('is read whole, page by page, through the port', async () => {
    const [head] = await store.heads([id]);
    expect(head?.number).toBeGreaterThan(messages);
    const last = (head?.number ?? 0) + 1;
    for (const before of [last, messages / 2, limit + 1]) {
      const page = await store.list(id, { before, limit });
      expect(page.map(({ number }) => number)).toEqual(times(limit, (index) => before - 1 - index));
    }
    const seen = new Set<ConversationId>();
    for (let before: { lastMessageAt: number; id: ConversationId } | undefined; ; ) {
      const page = await store.views(reader, { before, limit: 100 });
      for (const { conversation } of page) seen.add(conversation.id);
      const end = page.at(-1)?.conversation;
      if (!end) break;
      before = { lastMessageAt: end.lastMessageAt, id: end.id };
    }
    expect(seen.size).toBe(conversations);
    expect(await store.memberships(reader)).toHaveLength(conversations);
    const unread = await store.view(id, people[0] as UserId);
    expect(unread).toMatchObject({ conversation: { memberCount: members, large: true }, own: { readThrough: 0 } });
  });
});

function values(row: object): Record<string, SQLInputValue> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value]),
  );
}
