import { findCommand } from './find-command.ts';

export function chromiumCommand(): string | undefined {
  return findCommand('chromium') ?? findCommand('google-chrome');
}
