import { findCommand, isExecutable } from '../../dev-env/find-command.ts';

/** Where Go's own installer puts it, which not every shell's PATH has. */
const USUAL = '/usr/local/go/bin/go';

export function goCommand(): string | undefined {
  return findCommand('go') ?? (isExecutable(USUAL) ? USUAL : undefined);
}
