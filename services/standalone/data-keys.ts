import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A random 32-byte key, base64, made at first use and kept in the data folder, readable by its owner only. Two processes
 * that make it at once agree on one.
 */
export function dataKey(dataDir: string, name: 'jwt-hs256' | 'internal' | 'hub-ids' | 'hub-queue'): string {
  const folder = join(dataDir, 'keys');
  const file = join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = join(folder, `.${name}.${process.pid}`);
    writeFileSync(draft, randomBytes(32).toString('base64'), { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft);
    }
  }
  return readFileSync(file, 'utf8');
}
