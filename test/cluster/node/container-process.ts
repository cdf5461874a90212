import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { mountTable, type RootPlan } from './mount-table.ts';
import { type Privileges, unprivileged } from './privileges.ts';
import type { Sandbox } from './sandbox.ts';

/** A container's first process. All its mounts are in its own mount namespace and vanish with it. */
export type ContainerProcess = {
  /** As the node sees it. */
  readonly pid: number;
  /** Its exit code, 137 after SIGKILL; never rejects. */
  readonly ended: Promise<number>;
  /** The argv that runs one more command inside, with the same environment and rights. */
  enter(command: readonly string[]): string[];
};

export type ContainerPlan = RootPlan &
  Privileges & {
    sandbox: Sandbox;
    readOnlyRoot: boolean;
    /** A descriptor, opened for appending. */
    log: number;
  };

// It stays outside and hands on the end of its one child: unshare --fork takes SIGKILL for exit 1. It is silent: a shell
// says "Killed", which no container's log has.
const OUTER = 'exec 4>&2 2>/dev/null; (exec sh -ec "$0" sh "$@" 2>&4 4>&-); exit $?';

// The child is process 1 of the new PID namespace, but its /proc is still the node's: its number there goes to
// descriptor 3 when all is mounted.
const INNER = `mount -a -T "$1/fstab"; [ "$2" = rw ] || mount -o remount,bind,ro "$1/root"
read -r pid rest </proc/self/stat; cd /
pivot_root "$1/root" "$1/root/mnt"; umount -l /mnt; echo "$pid" >&3; exec 3>&-; shift 2; exec "$@"`;

/** Resolves when it runs; rejects when its root cannot be assembled (the log says why). */
export async function startProcess(plan: ContainerPlan): Promise<ContainerProcess> {
  writeFileSync(join(plan.folder, 'fstab'), mountTable(plan));
  const child = spawn(
    'nsenter',
    [
      ...['-t', String(plan.sandbox.pid), '-n', '-u', '-i', '--', 'unshare', '--mount', '--pid', '--'],
      ...['sh', '-c', OUTER, INNER, plan.folder, plan.readOnlyRoot ? 'ro' : 'rw', ...unprivileged(plan.argv, plan)],
    ],
    { stdio: ['ignore', plan.log, plan.log, 'pipe'], cwd: '/' },
  );
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 137));
    child.once('error', () => resolve(128));
  });
  const pid = await firstNumber(child.stdio[3] as Readable);
  if (pid === undefined) {
    await ended;
    throw new Error('the container could not be set up, see its log');
  }
  const inside = ['nsenter', '-t', String(pid), '-m', '-u', '-i', '-n', '-p', '--'];
  return { pid, ended, enter: (command) => [...inside, ...unprivileged(command, plan)] };
}

async function firstNumber(stream: Readable): Promise<number | undefined> {
  try {
    const first = await Promise.race([once(stream, 'data'), once(stream, 'end').then(() => [])]);
    return first.length === 0 ? undefined : Number(String(first[0]));
  } catch {
    return undefined;
  }
}
