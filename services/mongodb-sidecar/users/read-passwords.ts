import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../problem.ts';
import { mongoUsers, type Passwords } from './users.ts';

/** From a mounted Secret. @throws Problem when a key lacks */
export async function readPasswords(folder: string): Promise<Passwords> {
  const entries = await Promise.all(
    mongoUsers.map(async (user) => {
      const content = await readFile(join(folder, user), 'utf8').catch(() => '');
      if (content === '') throw new Problem(`the Secret with the passwords lacks ${user}`);
      return [user, content] as const;
    }),
  );
  return Object.fromEntries(entries) as Passwords;
}
