import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder } from '../../dev-env/cache-folder.ts';
import { goCommand } from './go-command.ts';
import { holdLock } from './hold-lock.ts';
import { buildFlags, kubetoolsFolder, kubetoolsSources } from './kubetools-folder.ts';

const PROGRESS_EVERY_MS = 15_000;

/**
 * Builds the control plane's binary unless that is done: 10 to 20 minutes on two cores, seconds when Go has the parts.
 * Who comes meanwhile, from another process too, waits for the same build. Answers its folder.
 */
export async function buildKubetools(): Promise<string> {
  const target = kubetoolsFolder();
  if (existsSync(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  const told = tellProgress();
  try {
    const unlock = await holdLock(`${target}.lock`);
    try {
      if (!existsSync(target)) await build(target, told.compiled);
    } finally {
      await unlock();
    }
  } finally {
    told.stop();
  }
  return target;
}

async function build(target: string, compiled: (packageName: string) => void): Promise<void> {
  const work = await mkdtemp(`${target}-building-`);
  try {
    const argv = ['build', '-v', ...buildFlags(), '-o', join(work, 'kubetools'), '.'];
    // --pdeathsig: an interrupted run leaves no compiler behind; what it compiled stays in Go's cache.
    const go = spawn('setpriv', ['--pdeathsig', 'KILL', 'nice', '-n', '5', goCommand() ?? 'go', ...argv], {
      cwd: kubetoolsSources,
      env: { ...process.env, CGO_ENABLED: '0', GOGC: '400', GOFLAGS: '' },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    const said: string[] = [];
    createInterface({ input: go.stderr }).on('line', (line) => {
      said.push(line);
      compiled(line);
    });
    const [code] = (await once(go, 'close')) as [number | null];
    if (code !== 0) throw new Error(`kubetools could not be built (go: ${code}):\n${said.slice(-30).join('\n')}`);
    for (const part of ['kubectl', 'helm']) await symlink('kubetools', join(work, part));
    await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Says every 15 s how far it is: a silent quarter of an hour looks like a hang. */
function tellProgress() {
  const start = Date.now();
  let packages = 0;
  let last = '';
  const tell = () => {
    const minutes = ((Date.now() - start) / 60_000).toFixed(1);
    const what = packages === 0 ? 'fetching modules, or another run builds it' : `${packages} packages, now ${last}`;
    process.stderr.write(`building kubetools (Kubernetes' control plane): ${minutes} min, ${what}\n`);
  };
  tell();
  const timer = setInterval(tell, PROGRESS_EVERY_MS);
  timer.unref();
  return {
    compiled(line: string) {
      packages += 1;
      last = line;
    },
    stop: () => clearInterval(timer),
  };
}

if (import.meta.main) process.stdout.write(`${await buildKubetools()}\n`);
