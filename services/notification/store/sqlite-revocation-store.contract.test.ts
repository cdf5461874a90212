import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { migrateSqlite } from '#shared/store/sqlite-open.ts';
import { planOf } from '#shared/store/sqlite-plan.fixture.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { describeRevocationStore } from './revocation-store.contract.ts';
import { keepRevocationsMs } from './revocation-store.ts';
import {
  openSqliteRevocationStore,
  sqliteRevocationSchema,
  sqliteRevocationStatements,
} from './sqlite-revocation-store.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'sonixy-revocations-'));

describe('RevocationStore in one SQLite file', () => {
  describeRevocationStore(async () => {
    const folder = newFolder();
    return {
      open: async (clock, limits = {}) =>
        openSqliteRevocationStore({ file: join(folder, 'revocations.sqlite'), clock, limits }),
      async [Symbol.asyncDispose]() {
        rmSync(folder, { recursive: true });
      },
    };
  });

  it('leaves no row whose time is over for long', async () => {
    const folder = newFolder();
    const file = join(folder, 'revocations.sqlite');
    const clock = new FakeClock();
    const store = openSqliteRevocationStore({ file, clock });
    const revoke = (id: string) => store.revoke({ kind: 'user', id: id as UserId, until: clock.now() + 1_000 });
    await revoke('alice');
    clock.advance(keepRevocationsMs);
    await revoke('bob');
    clock.advance(2_000);
    await revoke('carol');
    await store.close();
    const rows = new DatabaseSync(file).prepare('SELECT Key FROM revocations ORDER BY Key').all();
    expect(rows.map((row) => row['Key'])).toEqual(['user:bob', 'user:carol']);
    rmSync(folder, { recursive: true });
  });
});

describe('SQLite statements of revocations', () => {
  const database = new DatabaseSync(':memory:');
  migrateSqlite(database, sqliteRevocationSchema);

  it.each(Object.entries(sqliteRevocationStatements))('%s finds its rows by a key, without a sort', (_name, sql) => {
    for (const step of planOf(database, sql)) {
      expect(step).not.toMatch(/TEMP B-TREE/);
      if (/^SCAN/.test(step)) expect(step).toMatch(/^SCAN \(subquery/);
      if (/^SEARCH/.test(step)) expect(step).toMatch(/USING (COVERING INDEX|INDEX|PRIMARY KEY)/);
    }
  });
});
