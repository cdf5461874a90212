import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { migrateSqlite } from '#shared/store/sqlite-open.ts';
import { planOf } from '#shared/store/sqlite-plan.fixture.ts';
import { describeChatStore } from './chat-store.contract.ts';
import type { StoreUnderTest } from './chat-store.fixture.ts';
import { openSqliteChatStore } from './sqlite-chat-store.ts';
import { sqliteSchema } from './sqlite-schema.ts';
import { sqliteStatements } from './sqlite-statements.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describe('ChatStore in one SQLite file', () => {
  describeChatStore(async (): Promise<StoreUnderTest> => {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-chat-'));
    return {
      scale: 'full',
      open: async (clock) => openSqliteChatStore({ file: join(folder, 'chat.sqlite'), clock, log }),
      async [Symbol.asyncDispose]() {
        rmSync(folder, { recursive: true });
      },
    };
  });
});

describe('SQLite statements', () => {
  const database = new DatabaseSync(':memory:');
  migrateSqlite(database, sqliteSchema);

  it.each(Object.entries(sqliteStatements))('%s finds its rows by an index, without a sort', (_name, sql) => {
    expect(sql).not.toMatch(/OFFSET/);
    for (const step of planOf(database, sql)) {
      expect(step).not.toMatch(/TEMP B-TREE|SCAN/);
      if (/^SEARCH/.test(step)) expect(step).toMatch(/USING (COVERING INDEX|INDEX|PRIMARY KEY)/);
    }
  });

  // The place where a page begins is part of the search: the last page costs what the first one does.
  it.each([
    ['list', 'chat_message_rows_list (ConversationId=? AND Number<?)'],
    ['changes', 'chat_message_rows_seq (ConversationId=? AND Seq>?)'],
    ['members', 'chat_members_list (ConversationId=? AND (JoinedAt,UserId)>(?,?))'],
    ['leftByUser', 'chat_members_user (UserId=? AND Present=? AND (ChangedAt,ConversationId)>(?,?))'],
    ['placesSince', 'COVERING INDEX chat_members_user (UserId=? AND Present=? AND ChangedAt>?)'],
    ['placesOfUser', 'chat_members_user (UserId=? AND Present=?)'],
    ['highestInRank', 'chat_members_rank (ConversationId=?)'],
    ['pending', 'chat_message_rows_pending (PendingSince>? AND PendingSince<?)'],
    ['oldTombstones', 'chat_message_rows_tombstones (UpdatedAt<?)'],
  ] as const)('%s begins where its page does', (name, search) => {
    expect(planOf(database, sqliteStatements[name])[0]).toContain(search);
  });
});
