import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '#shared/runtime/start-error.ts';

/** Thrown when another process uses the data folder. */
export class DataFolderInUseError extends StartError {
  override readonly name = 'DataFolderInUseError';

  constructor(dataDir: string) {
    super(`the data folder ${dataDir} is in use by another process: stop it, or set DATA_DIR to another folder`);
  }
}

/**
 * One process per data folder: embedded parts in two of them would not hear each other. The lock is the operating
 * system's, so it ends with the process however that ends.
 *
 * @throws DataFolderInUseError
 */
export function lockDataFolder(dataDir: string): Disposable {
  mkdirSync(dataDir, { recursive: true });
  const database = new DatabaseSync(join(dataDir, 'lock.sqlite'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && error.message.includes('locked')) throw new DataFolderInUseError(dataDir);
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}
