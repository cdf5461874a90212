import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { bareEnvironment } from './bare-environment.ts';
import { spawnChild } from './child.ts';

const options = { command: process.execPath, env: bareEnvironment(), cwd: tmpdir() };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a child reports its output and its end', async () => {
  const child = await spawnChild({
    ...options,
    args: ['-e', 'console.log("out"); console.error("err"); process.exit(3)'],
  });
  expect(await child.exited).toEqual({ code: 3, signal: null });
  expect(child.output()).toMatch(/out/);
  expect(child.output()).toMatch(/err/);
});

test('a child inherits nothing of the environment', async () => {
  const child = await spawnChild({
    ...options,
    args: ['-e', "console.log(process.env.CHOSEN + '-' + process.env.VITEST)"],
    env: { ...options.env, CHOSEN: 'yes' },
  });
  await eventually(() => (child.output().includes('yes-undefined') ? undefined : child.output()));
});

test('a child dies with a process that is killed', async () => {
  const program = `
    import { spawnChild } from ${JSON.stringify(join(import.meta.dirname, 'child.ts'))};
    const child = await spawnChild({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: {}, cwd: '/' });
    console.log('pid=' + child.pid);
    setInterval(() => {}, 1000);`;
  const parent = await spawnChild({ ...options, args: ['--input-type=module', '-e', program] });
  const grandchild = () => Number(/pid=(\d+)/.exec(parent.output())?.[1]);
  await eventually(() => (grandchild() > 0 ? undefined : parent.output()));
  expect(isAlive(grandchild())).toBe(true);
  await parent.kill();
  await eventually(() => (isAlive(grandchild()) ? `${grandchild()} still lives` : undefined));
});
