import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bareEnvironment } from '../dev-env/bare-environment.ts';
import { spawnChild } from '../dev-env/child.ts';
import { lastLine, type Report, succeeded, summarize } from './summary.ts';

const file = (status: string, ...tests: string[]): Report['testResults'][number] => ({
  name: join(process.cwd(), 'a.test.ts'),
  status,
  message: 'why',
  assertionResults: tests.map((result, n) => ({ status: result, fullName: `test ${n}` })),
});

test('counts what passed, failed and was skipped, and names the skipped', () => {
  const summary = summarize(
    { testResults: [file('passed', 'passed', 'skipped', 'todo'), file('failed', 'failed')] },
    1,
  );
  expect(lastLine(summary)).toBe('1 passed, 1 failed, 2 skipped');
  expect(summary.skipped).toEqual(['a.test.ts: test 1', 'a.test.ts: test 2']);
  expect(succeeded(summary)).toBe(false);
});

test('succeeds when all passed', () => {
  const summary = summarize({ testResults: [file('passed', 'passed', 'passed')] }, 0);
  expect(lastLine(summary)).toBe('2 passed, 0 failed');
  expect(succeeded(summary)).toBe(true);
});

test('a file that failed outside of its tests is a failure', () => {
  const summary = summarize({ testResults: [file('passed', 'passed'), file('failed', 'skipped')] }, 1);
  expect(lastLine(summary)).toBe('1 passed, 1 failed, 1 skipped');
  expect(summary.notes).toEqual(['a.test.ts failed outside of its tests: why']);
});

test('a runner that is not content is a failure', () => {
  const summary = summarize({ testResults: [file('passed', 'passed')] }, 1);
  expect(lastLine(summary)).toBe('1 passed, 1 failed');
  expect(succeeded(summary)).toBe(false);
});

test.each([undefined, { testResults: [] }, { testResults: [file('passed', 'skipped')] }])(
  'nothing that ran is no success (%#)',
  (report) => {
    const summary = summarize(report, 0);
    expect(summary.notes).toHaveLength(1);
    expect(succeeded(summary)).toBe(false);
  },
);

test('reads what Vitest really writes', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sonixy-summary-test-'));
  const repository = join(import.meta.dirname, '../..');
  const run = async (...args: string[]) => {
    const child = await spawnChild({ command: process.execPath, args, env: bareEnvironment(), cwd: root });
    return { ...(await child.exited), output: child.output() };
  };
  try {
    const globals = 'const { test, beforeAll, describe } = globalThis;';
    await writeFile(
      join(root, 'one.test.js'),
      `${globals} test('good', () => {}); test('bad', () => { throw new Error('no'); }); test.skip('left out', () => {});`,
    );
    await writeFile(
      join(root, 'two.test.js'),
      `${globals} beforeAll(() => { throw new Error('hook'); }); test('never', () => {});`,
    );
    await writeFile(join(root, 'three.test.js'), 'import "./nowhere.js";');
    const report = join(root, 'report.json');
    const vitest = join(repository, 'node_modules/vitest/vitest.mjs');
    await run(vitest, 'run', '--root', root, '--globals', '--reporter=json', `--outputFile.json=${report}`);
    const { code, output } = await run(join(import.meta.dirname, 'summary.ts'), report, '1');
    expect(output).toContain('skipped: one.test.js: left out');
    expect(output.trimEnd().split('\n').at(-1)).toBe('1 passed, 3 failed, 2 skipped');
    expect(code).toBe(1);
  } finally {
    await rm(root, { recursive: true });
  }
});
