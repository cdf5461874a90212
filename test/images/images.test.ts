import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { serviceImages } from '../cluster/images/services.ts';
import { bareEnvironment } from '../dev-env/bare-environment.ts';
import { spawnChild } from '../dev-env/child.ts';
import { bakedProcesses, isInContext, readTargets } from './dockerfile.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'sonixy-images-'));
afterAll(() => rmSync(folder, { recursive: true }));

const targets = readTargets();
/** What a process ends with whose settings are wrong, and no sooner than it has read them. */
const wrongSettings = 78;

/** The packages that `npm ci --omit=dev` leaves, as links. */
function linkPackages(app: string): void {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  for (const [path, { dev }] of Object.entries(packages)) {
    if (dev || !/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path)) continue;
    mkdirSync(join(app, dirname(path)), { recursive: true });
    symlinkSync(join(root, path), join(app, path));
  }
}

/** What the image of a process has under /app. */
function layOut(name: string): string {
  const app = join(folder, name);
  mkdirSync(app);
  for (const path of targets.get(name)?.copied ?? []) {
    cpSync(join(root, path), join(app, path), {
      recursive: true,
      filter: (source) => {
        const inside = relative(root, source);
        return inside.includes('.') ? isInContext(inside) : true;
      },
    });
  }
  linkPackages(app);
  return app;
}

it('each process that runs in a cluster has a target, and is baked', () => {
  const processes = Object.keys(serviceImages('')).sort();
  expect([...targets.keys()].sort()).toEqual(processes);
  expect(bakedProcesses().toSorted()).toEqual(processes);
});

describe.each([...targets.keys()])('the image of %s', (name) => {
  it('has all that its process loads, and runs as nobody that a machine knows', async () => {
    const [command = '', ...args] = targets.get(name)?.entryPoint ?? [];
    expect(command).toBe('node');
    expect(targets.get(name)?.user).toMatch(/^\d{5,}:0$/);
    const { PATH = '' } = bareEnvironment();
    const process_ = await spawnChild({
      command: process.execPath,
      args: ['--preserve-symlinks', ...args],
      env: { PATH },
      cwd: layOut(name),
    });
    const { code } = await process_.exited;
    expect(process_.output()).toMatch(/can't start, its settings are wrong|no such command/);
    expect(code).toBe(wrongSettings);
  });
});
