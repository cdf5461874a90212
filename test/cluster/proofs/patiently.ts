import { eventually } from '../../eventually.ts';

const PATIENCE = { timeoutMs: 60_000, everyMs: 50 };

/** `eventually` for what a cluster does, which takes seconds where all else runs as well. */
export function patiently(check: () => string | undefined | Promise<string | undefined>): Promise<void> {
  return eventually(check, PATIENCE);
}
