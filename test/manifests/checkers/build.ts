import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { goCommand } from '#test/cluster/build/go-command.ts';
import { holdLock } from '#test/cluster/build/hold-lock.ts';
import { cacheFolder } from '#test/dev-env/cache-folder.ts';

const run = promisify(execFile);
const programs = { kubeconform: 'github.com/yannh/kubeconform', 'kube-score': 'github.com/zegl/kube-score' } as const;

export type Checker = keyof typeof programs;

/** Why there are no checkers on this machine; undefined when there are, or can be. */
export function whyNoCheckers(): string | undefined {
  return existsSync(checkersFolder()) || goCommand() !== undefined
    ? undefined
    : 'kubeconform and kube-score are not built and Go is not installed: Go 1.21 or newer, https://go.dev/dl';
}

/** Path of the program, which is built unless that is done: one or two minutes. */
export async function checker(name: Checker): Promise<string> {
  const target = checkersFolder();
  if (!existsSync(target)) {
    await mkdir(cacheFolder(), { recursive: true });
    const unlock = await holdLock(`${target}.lock`);
    try {
      if (!existsSync(target)) await build(target);
    } finally {
      await unlock();
    }
  }
  return join(target, name);
}

/** Of these very versions, outside the tree. */
function checkersFolder(): string {
  const hash = createHash('sha256').update(process.arch);
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(import.meta.dirname, file)));
  return join(cacheFolder(), `checkers-${hash.digest('hex').slice(0, 16)}`);
}

async function build(target: string): Promise<void> {
  process.stderr.write('building kubeconform and kube-score: one or two minutes\n');
  const work = await mkdtemp(`${target}-building-`);
  try {
    const packages = Object.entries(programs).map(([name, module]) => `${module}/cmd/${name}`);
    const argv = ['build', '-trimpath', '-buildvcs=false', '-o', `${work}/`, ...packages];
    // --pdeathsig: an interrupted run leaves no compiler behind.
    await run('setpriv', ['--pdeathsig', 'KILL', 'nice', '-n', '5', goCommand() ?? 'go', ...argv], {
      cwd: import.meta.dirname,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' },
    });
    await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
