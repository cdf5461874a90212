import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PlatformError } from '#shared/contract/errors.ts';
import {
  type Revocation,
  type RevocationsPage,
  type RevokedSubject,
  revocationKey,
} from '#shared/contract/revocation.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { toPlatformError } from '#shared/store/sqlite-failure.ts';
import { openSqlite } from '#shared/store/sqlite-open.ts';
import { SqliteWrites } from '#shared/store/sqlite-writes.ts';
import { type RevocationRow, tooManyRevocations, toRevocationsPage } from './revocation-rows.ts';
import {
  defaultRevocationStoreLimits,
  keepRevocationsMs,
  type RevocationStore,
  type RevocationStoreLimits,
} from './revocation-store.ts';

export type SqliteRevocationStoreOptions = {
  /** Made when it is missing; its folder is not. Several processes may open one. `:memory:` ends with the store. */
  readonly file: string;
  readonly clock: Clock;
  readonly limits?: Partial<RevocationStoreLimits>;
};

/** See `openSqlite`: steps are never edited once released, only added. */
export const sqliteRevocationSchema = [
  `
  CREATE TABLE revocations (Key TEXT NOT NULL PRIMARY KEY, Until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX revocations_until ON revocations (Until);
  `,
];

export const sqliteRevocationStatements = {
  revoke: `
    INSERT INTO revocations (Key, Until) VALUES (?, ?)
    ON CONFLICT (Key) DO UPDATE SET Until = max(Until, excluded.Until) RETURNING Until`,
  lift: 'DELETE FROM revocations WHERE Key = ? RETURNING Until',
  page: 'SELECT Key, Until FROM revocations WHERE Key > ? AND Until > ? ORDER BY Key LIMIT ?',
  isKnown: 'SELECT 1 FROM revocations WHERE Key = ?',
  count: 'SELECT count(*) AS Count FROM (SELECT 1 FROM revocations WHERE Until > ? LIMIT ?)',
  purge: 'DELETE FROM revocations WHERE Until < ?',
};

const writes = { patienceMs: 5_000, maxBatch: 100 };

/**
 * RevocationStore in a SQLite file of its own: see `openSqlite`.
 *
 * @throws Error when the file cannot be opened, is no database, or is of a newer version
 */
export function openSqliteRevocationStore(options: SqliteRevocationStoreOptions): RevocationStore {
  return new SqliteRevocationStore(openSqlite(options.file, sqliteRevocationSchema), options);
}

type Statements = Record<keyof typeof sqliteRevocationStatements, StatementSync>;

class SqliteRevocationStore implements RevocationStore {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #limits: RevocationStoreLimits;
  readonly #statements: Statements;
  readonly #writes: SqliteWrites;

  constructor(database: DatabaseSync, { clock, limits }: SqliteRevocationStoreOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#limits = { ...defaultRevocationStoreLimits, ...limits };
    this.#statements = Object.fromEntries(
      Object.entries(sqliteRevocationStatements).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Statements;
    this.#writes = new SqliteWrites(database, writes);
  }

  revoke(revocation: Revocation): Promise<Revocation> {
    const key = revocationKey(revocation);
    return this.#writes.run(() => {
      this.#statements.purge.run(this.#clock.now() - keepRevocationsMs);
      if (!this.#statements.isKnown.get(key) && this.#count() >= this.#limits.max)
        throw tooManyRevocations(this.#limits.max);
      return { ...revocation, until: Number(this.#statements.revoke.get(key, revocation.until)?.['Until']) };
    });
  }

  lift(subject: RevokedSubject): Promise<boolean> {
    return this.#writes.run(() => {
      const lifted = this.#statements.lift.get(revocationKey(subject));
      return lifted !== undefined && Number(lifted['Until']) > this.#clock.now();
    });
  }

  async inForce(after = ''): Promise<RevocationsPage> {
    if (!this.#database.isOpen) throw new PlatformError('unavailable', 'the revocation store is closed');
    const { pageSize } = this.#limits;
    try {
      const rows = this.#statements.page.all(after, this.#clock.now(), pageSize + 1);
      return toRevocationsPage(rows as RevocationRow[], pageSize);
    } catch (error) {
      throw toPlatformError(error);
    }
  }

  async close(): Promise<void> {
    await this.#writes.close();
    if (this.#database.isOpen) this.#database.close();
  }

  #count(): number {
    return Number(this.#statements.count.get(this.#clock.now(), this.#limits.max)?.['Count']);
  }
}
