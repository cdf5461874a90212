import { describe, test } from 'vitest';
import { missing, type ServerName } from './missing.ts';

/**
 * A `describe` for tests that start servers of their own. Where the machine lacks one they are skipped, and the title
 * and a printed line say why; with CI=true they fail.
 */
export function describeWithServer(names: ServerName | readonly ServerName[], title: string, define: () => void): void {
  const reasons = [names].flat().flatMap((name) => missing(name) ?? []);
  if (reasons.length === 0) {
    describe(title, define);
    return;
  }
  const reason = reasons.join('; ');
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      test('has the servers it needs', () => {
        throw new Error(reason);
      });
    });
    return;
  }
  process.stderr.write(`skipped: ${title}: ${reason}\n`);
  describe.skip(`${title} [${reason}]`, define);
}
