import { homedir } from 'node:os';
import { join } from 'node:path';

/** What is built or downloaded for tests lies here, outside the tree, and outlives a checkout. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sonixy-realtime');
}
