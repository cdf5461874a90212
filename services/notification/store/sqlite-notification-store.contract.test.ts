import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { migrateSqlite } from '#shared/store/sqlite-open.ts';
import { planOf } from '#shared/store/sqlite-plan.fixture.ts';
import { describeNotificationStore } from './notification-store.contract.ts';
import type { StoreUnderTest } from './notification-store.fixture.ts';
import { openSqliteNotificationStore } from './sqlite-notification-store.ts';
import { sqliteSchema } from './sqlite-schema.ts';
import { sqliteStatements } from './sqlite-statements.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describe('NotificationStore in one SQLite file', () => {
  describeNotificationStore(async (): Promise<StoreUnderTest> => {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-store-'));
    return {
      scale: 'full',
      open: async (clock) => openSqliteNotificationStore({ file: join(folder, 'rows.sqlite'), clock, log }),
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
    for (const step of planOf(database, sql)) {
      expect(step).not.toMatch(/TEMP B-TREE/);
      if (/^SCAN/.test(step)) expect(step).toMatch(/^SCAN \(subquery|^SCAN CONSTANT ROW/);
      if (/^SEARCH/.test(step)) expect(step).toMatch(/USING (COVERING INDEX|INDEX|PRIMARY KEY)/);
    }
  });
});
