import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/** A file that its owner alone may read; there whole or not at all. */
export async function writePrivate(file: string, content: string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, content, { mode: 0o400, flag: 'wx' });
  await rename(unfinished, file);
}
