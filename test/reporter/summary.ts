import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** What is read of Vitest's JSON report. */
export type Report = {
  testResults: readonly {
    name: string;
    status: string;
    message?: string;
    assertionResults: readonly { status: string; fullName: string }[];
  }[];
};

export type Summary = { passed: number; failed: number; skipped: readonly string[]; notes: readonly string[] };

/**
 * Counts tests. A file that failed without a failed test (it did not load, a hook threw) counts as one failure, and so
 * does a runner that is not content although every test passed.
 */
export function summarize(report: Report | undefined, runnerExitCode: number): Summary {
  const skipped: string[] = [];
  const notes: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const file of report?.testResults ?? []) {
    const name = relative(process.cwd(), file.name);
    const failedBefore = failed;
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') passed++;
      else if (status === 'failed') failed++;
      else skipped.push(`${name}: ${fullName}`);
    }
    if (file.status === 'failed' && failed === failedBefore) {
      failed++;
      notes.push(`${name} failed outside of its tests: ${file.message ?? ''}`);
    }
  }
  if (report === undefined) notes.push('the runner wrote no report');
  else if (passed + failed === 0) notes.push('no test ran');
  if (runnerExitCode !== 0 && failed === 0 && passed > 0) {
    failed++;
    notes.push(`the runner exited with ${runnerExitCode} although no test failed`);
  }
  return { passed, failed, skipped, notes };
}

/** The last line that `make test` prints. */
export function lastLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}

export function succeeded({ passed, failed }: Summary): boolean {
  return failed === 0 && passed > 0;
}

function readReport(file: string): Report | undefined {
  const text = readFileSync(file, 'utf8');
  return text === '' ? undefined : (JSON.parse(text) as Report);
}

if (import.meta.main) {
  const [file = '', exitCode] = process.argv.slice(2);
  const summary = summarize(readReport(file), Number(exitCode));
  for (const name of summary.skipped) console.log(`skipped: ${name}`);
  for (const note of summary.notes) console.log(note);
  console.log(lastLine(summary));
  process.exitCode = succeeded(summary) ? 0 : 1;
}
