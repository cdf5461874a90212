import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Key columns of each table. */
export type Tables = Readonly<Record<string, readonly string[]>>;
export type Snapshot = ReadonlyMap<string, readonly Record<string, string | number | bigint | Uint8Array | null>[]>;

let made = 0;

/**
 * Two SQLite databases in memory that stand for a cluster: what is written reaches the primary, what the majority has is
 * read. Both live as long as this does.
 */
export class SqliteMajority {
  readonly primary: string;
  readonly majority: string;
  readonly #tables: Tables;
  readonly #keeper = new DatabaseSync(':memory:');
  readonly #copies = new Map<string, readonly StatementSync[]>();
  readonly #statements = new Map<string, StatementSync>();

  /** @param migrate makes the tables in the database of that name */
  constructor(tables: Tables, migrate: (file: string) => void) {
    made += 1;
    this.#tables = tables;
    this.primary = `file:primary-${made}?mode=memory&cache=shared`;
    this.majority = `file:majority-${made}?mode=memory&cache=shared`;
    this.#keeper.exec(`ATTACH '${this.primary}' AS primaries; ATTACH '${this.majority}' AS majorities`);
    migrate(this.primary);
    migrate(this.majority);
  }

  clear(): void {
    for (const table of Object.keys(this.#tables)) {
      for (const database of ['primaries', 'majorities']) this.#prepare(`DELETE FROM ${database}.${table}`).run();
    }
  }

  /** The majority confirms all that the primary holds. */
  replicate(): void {
    this.#copy('primaries', 'majorities');
  }

  /** The primary died with what nobody had confirmed; another one is elected. */
  rollBack(): void {
    this.#copy('majorities', 'primaries');
  }

  snapshot(): Snapshot {
    const rowsOf = (table: string) => this.#prepare(`SELECT * FROM majorities.${table}`).all();
    return new Map(Object.keys(this.#tables).map((table) => [table, rowsOf(table)]));
  }

  /** As from a backup: everything, at once. */
  restore(snapshot: Snapshot): void {
    this.clear();
    for (const [table, rows] of snapshot) {
      for (const row of rows) {
        const columns = Object.keys(row);
        const values = columns.map(() => '?').join(', ');
        const sql = `INSERT INTO majorities.${table} (${columns.join(', ')}) VALUES (${values})`;
        this.#prepare(sql).run(...Object.values(row));
      }
    }
    this.rollBack();
  }

  /** Rows that the majority has. */
  read(sql: string, ...values: readonly (string | number)[]): Record<string, unknown>[] {
    return this.#prepare(sql).all(...values);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#keeper.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #copy(from: string, to: string): void {
    let statements = this.#copies.get(from);
    if (!statements) {
      statements = Object.entries(this.#tables).flatMap(([table, key]) => {
        const columns = key.join(', ');
        return [
          `DELETE FROM ${to}.${table} WHERE (${columns}) IN
             (SELECT ${columns} FROM ${to}.${table} EXCEPT SELECT ${columns} FROM ${from}.${table})`,
          `INSERT OR REPLACE INTO ${to}.${table}
             SELECT * FROM ${from}.${table} EXCEPT SELECT * FROM ${to}.${table}`,
        ].map((sql) => this.#keeper.prepare(sql));
      });
      this.#copies.set(from, statements);
    }
    for (const statement of statements) statement.run();
  }
}
