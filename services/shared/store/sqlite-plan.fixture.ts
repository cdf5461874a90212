import type { DatabaseSync } from 'node:sqlite';

/** The steps in which SQLite answers a statement, as it tells them. */
export function planOf(database: DatabaseSync, sql: string): string[] {
  return database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((step) => String(step['detail']));
}
