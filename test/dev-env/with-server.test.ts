import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bareEnvironment } from './bare-environment.ts';
import { spawnChild } from './child.ts';

const ROOT = join(import.meta.dirname, '../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sonixy-with-server-test-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const withServer = JSON.stringify(join(import.meta.dirname, 'with-server.ts'));
  await writeFile(
    join(folder, 'sample.test.ts'),
    `import { test } from 'vitest';
     import { describeWithServer } from ${withServer};
     describeWithServer('secantus', 'a suite', () => test('runs', () => console.log('RAN')));`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

/** In a process whose cache folder is empty, so that it lacks SecantusDB. */
async function runVitest(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const vitest = await spawnChild({
    command: process.execPath,
    args: [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder],
    env: { ...bareEnvironment(), XDG_CACHE_HOME: folder, ...env },
    cwd: folder,
  });
  const { code } = await vitest.exited;
  return { code, output: vitest.output() };
}

test('a suite whose server is missing is skipped and says why', async () => {
  const { code, output } = await runVitest({});
  expect(output).toContain('skipped: a suite: SecantusDB is not in the cache');
  expect(output).not.toContain('RAN');
  expect(code).toBe(0);
});

test('a suite whose server is missing fails in CI', async () => {
  const { code, output } = await runVitest({ CI: 'true' });
  expect(output).toContain('SecantusDB is not in the cache');
  expect(output).not.toContain('RAN');
  expect(code).toBe(1);
});
