import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { migrateSqlite } from '#shared/store/sqlite-open.ts';
import { sqliteSchema } from './sqlite-schema.ts';
import { sqliteStatements } from './sqlite-statements.ts';

describe('SQLite statements', () => {
  const database = new DatabaseSync(':memory:');
  migrateSqlite(database, sqliteSchema);

  it.each(Object.entries(sqliteStatements))('%s finds its rows by an index, without a sort', (_name, sql) => {
    expect(sql).not.toMatch(/OFFSET/);
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((step) => String(step['detail']));
    for (const step of plan) {
      expect(step).not.toMatch(/TEMP B-TREE|SCAN/);
      if (/^SEARCH/.test(step)) expect(step).toMatch(/USING (COVERING INDEX|INDEX|PRIMARY KEY)/);
    }
  });
});
