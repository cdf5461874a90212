import type { DatabaseSync } from 'node:sqlite';
import { PlatformError } from '#shared/contract/errors.ts';
import { toPlatformError } from '#shared/store/sqlite-failure.ts';
import { openSqlite } from '#shared/store/sqlite-open.ts';
import { SqliteWrites } from '#shared/store/sqlite-writes.ts';
import { sqliteSchema } from './sqlite-schema.ts';
import { type SqliteParameters, type SqliteRow, SqliteStatement } from './sqlite-statement.ts';
import { sqliteStatements } from './sqlite-statements.ts';

const patienceMs = 5_000;
const maxBatch = 500;

type StatementName = keyof typeof sqliteStatements;

/** One file: the adapter's statements by name, reads that see one moment, writes in batches. */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements: Record<StatementName, SqliteStatement>;
  readonly #writes: SqliteWrites;

  /** @throws Error when the file cannot be opened, is no database, or is of a newer version */
  constructor(file: string) {
    this.#database = openSqlite(file, sqliteSchema);
    this.#statements = Object.fromEntries(
      Object.entries(sqliteStatements).map(([name, sql]) => [name, new SqliteStatement(this.#database, sql)]),
    ) as Record<StatementName, SqliteStatement>;
    this.#writes = new SqliteWrites(this.#database, { patienceMs, maxBatch });
  }

  /** All that `query` reads is of one moment, whatever other processes write. */
  async read<T>(query: () => T): Promise<T> {
    if (!this.#database.isOpen) throw new PlatformError('unavailable', 'the chat store is closed');
    try {
      this.#database.exec('BEGIN');
      return query();
    } catch (error) {
      throw toPlatformError(error);
    } finally {
      if (this.#database.isTransaction) this.#database.exec('COMMIT');
    }
  }

  /** In one transaction with all writes that wait. `apply` may run again, and throws nothing that is the caller's fault. */
  write<T>(apply: () => T): Promise<T> {
    return this.#writes.run(apply);
  }

  get(name: StatementName, parameters: SqliteParameters): SqliteRow | undefined {
    return this.#statements[name].get(parameters);
  }

  all(name: StatementName, parameters: SqliteParameters): SqliteRow[] {
    return this.#statements[name].all(parameters);
  }

  /** How many rows it changed. */
  run(name: StatementName, parameters: SqliteParameters): number {
    return this.#statements[name].run(parameters);
  }

  async close(): Promise<void> {
    await this.#writes.close();
    if (this.#database.isOpen) this.#database.close();
  }
}
