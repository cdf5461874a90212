import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '#shared/runtime/start-error.ts';

/** A key of a Secret that is mounted as a file. @throws StartError when it is missing or empty */
export async function mountedSecret(folder: string, key: string): Promise<string> {
  const content = await readFile(join(folder, key), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new StartError(`the Secret has no key ${key} (${join(folder, key)}: ${error.code ?? 'unreadable'})`);
  });
  if (content === '') throw new StartError(`the Secret's key ${key} is empty`);
  return content;
}

/** Several of one folder, by key. */
export async function mountedSecrets<Key extends string>(
  folder: string,
  keys: readonly Key[],
): Promise<Record<Key, string>> {
  const entries = await Promise.all(keys.map(async (key) => [key, await mountedSecret(folder, key)] as const));
  return Object.fromEntries(entries) as Record<Key, string>;
}
