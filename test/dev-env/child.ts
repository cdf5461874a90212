import { spawn } from 'node:child_process';
import { findCommand } from './find-command.ts';

const MAX_OUTPUT_CHARACTERS = 1_000_000;

export type ChildExit = { code: number | null; signal: NodeJS.Signals | null };

export type ChildOptions = {
  command: string;
  args: readonly string[];
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
  cwd: string;
};

/** A process that does not outlive this one. */
export type Child = {
  readonly pid: number;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<ChildExit>;
  readonly running: boolean;
  /** What it wrote to stdout and stderr, the last million characters. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
};

const living = new Set<Child>();
process.once('exit', () => {
  for (const child of living) child.signal('SIGKILL');
});

// The kernel kills the child when this process dies, even by SIGKILL, when no exit handler runs any more.
const setpriv = process.platform === 'linux' ? findCommand('setpriv') : undefined;

export async function spawnChild({ command, args, env, cwd }: ChildOptions): Promise<Child> {
  const [file, argv] =
    setpriv === undefined ? [command, args] : [setpriv, ['--pdeathsig', 'KILL', '--', command, ...args]];
  const spawned = spawn(file, argv, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [spawned.stdout, spawned.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > 2 * MAX_OUTPUT_CHARACTERS) output = output.slice(-MAX_OUTPUT_CHARACTERS);
    });
  }
  let running = true;
  const exited = new Promise<ChildExit>((resolve) => {
    spawned.once('exit', (code, signal) => {
      running = false;
      living.delete(child);
      // Its last words may still lie in the pipes, which a grandchild may hold open for ever.
      const lastWords = setTimeout(() => resolve({ code, signal }), 500);
      spawned.once('close', () => {
        clearTimeout(lastWords);
        resolve({ code, signal });
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    spawned.once('spawn', resolve);
    spawned.once('error', reject);
  });
  const child: Child = {
    pid: spawned.pid ?? 0,
    exited,
    get running() {
      return running;
    },
    output: () => output.slice(-MAX_OUTPUT_CHARACTERS),
    signal(signal) {
      if (running) spawned.kill(signal);
    },
    async kill() {
      child.signal('SIGKILL');
      await exited;
    },
  };
  living.add(child);
  return child;
}
