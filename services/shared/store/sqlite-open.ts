import { DatabaseSync } from 'node:sqlite';

/** Longer than this a call does not block the process for others of the same file; it tries again later. */
const busyTimeoutMs = 50;
const openTimeoutMs = 5_000;

/**
 * Opens a file, or makes it, and brings its schema to this version; `:memory:` ends with the connection. With
 * `synchronous = NORMAL` in WAL mode what was answered survives the death of any process; a power cut may take back the
 * last moments, never leave a torn file.
 *
 * @param steps step n brings a file from version n to n + 1; never edited once released, only added
 * @throws Error when the file cannot be opened, is no database, or is of a newer version
 */
export function openSqlite(file: string, steps: readonly string[]): DatabaseSync {
  // Opening waits: it may meet another process that makes the schema.
  const database = new DatabaseSync(file, { timeout: openTimeoutMs });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    // Keys are random: with SQLite's own 2 MB of cache and 4 MB of log, half of the time goes into rewriting pages.
    database.exec('PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000');
    migrateSqlite(database, steps);
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Several processes may try at once.
 *
 * @throws Error when a newer version of this program has written the file
 */
export function migrateSqlite(database: DatabaseSync, steps: readonly string[]): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec('CREATE TABLE IF NOT EXISTS schema_version (Version INTEGER NOT NULL) STRICT');
    const row = database.prepare('SELECT Version FROM schema_version').get();
    const version = Number(row?.['Version'] ?? 0);
    if (version > steps.length) {
      throw new Error(
        `the file has schema ${version}, this program knows ${steps.length}: start a newer version of it`,
      );
    }
    for (const step of steps.slice(version)) database.exec(step);
    if (!row) database.prepare('INSERT INTO schema_version (Version) VALUES (?)').run(steps.length);
    else database.prepare('UPDATE schema_version SET Version = ?').run(steps.length);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
