import { join, resolve } from 'node:path';
import type { EnvReader } from '#shared/runtime/config.ts';

export type StoreConfig =
  | { readonly kind: 'mongo'; readonly url: string; readonly database: string }
  /** `file` lies in `dataDir`, which may have to be made. */
  | { readonly kind: 'sqlite'; readonly dataDir: string; readonly file: string };

/** Beside the one that names the database. */
export type StoreSetting = 'MONGODB_URL' | 'MONGODB_PASSWORD' | 'DATA_DIR';

export type StoreNames<DatabaseSetting extends string> = {
  /** Setting that names the database, and its default. */
  readonly databaseSetting: DatabaseSetting;
  readonly database: string;
  /** In `DATA_DIR`. */
  readonly file: string;
};

/** `MONGODB_URL` (and `MONGODB_PASSWORD`), or `DATA_DIR` for a SQLite file. */
export function readStoreSettings<DatabaseSetting extends string>(
  reader: EnvReader<StoreSetting | DatabaseSetting>,
  { databaseSetting, database, file }: StoreNames<DatabaseSetting>,
): StoreConfig {
  const url = reader.optionalUrlOfUser('MONGODB_URL', 'MONGODB_PASSWORD', { protocols: ['mongodb:', 'mongodb+srv:'] });
  const dataDir = reader.optionalText('DATA_DIR');
  const named = reader.text(databaseSetting, { default: database });
  if (url !== undefined && dataDir !== undefined) {
    reader.fault('MONGODB_URL and DATA_DIR are both set: rows are kept in one of them');
  }
  if (url !== undefined) return { kind: 'mongo', url, database: named };
  if (dataDir === undefined)
    reader.fault('MONGODB_URL (or MONGODB_URL_FILE), or DATA_DIR for a SQLite file, is required');
  const folder = resolve(dataDir ?? '.');
  return { kind: 'sqlite', dataDir: folder, file: join(folder, file) };
}
