import { resolve } from 'node:path';
import { eventually } from '../eventually.ts';
import { bareEnvironment } from './bare-environment.ts';
import { type Child, type ChildExit, spawnChild } from './child.ts';

const ROOT = resolve(import.meta.dirname, '../..');

export type ServiceOptions = {
  /** From the root of the repository: `services/notification/main.ts`. */
  main: string;
  /** All the variables that it gets, but for PATH and the like. */
  env: Record<string, string>;
  /** Resolve only when a GET of this answers 2xx, e.g. `http://127.0.0.1:9100/readyz`. Without it: when it is spawned. */
  readyUrl?: string;
  /** @default 30,000 */
  readyTimeoutMs?: number;
};

/** One of our processes, run as it is in production. It does not outlive the test. */
export interface Service extends AsyncDisposable {
  readonly pid: number;
  readonly running: boolean;
  /** Of the present process. */
  readonly exited: Promise<ChildExit>;
  /** stdout and stderr of the present process, bounded. */
  output(): string;
  /** Waits until `readyUrl` answers 2xx; rejects with the output when the process ends or time is up. */
  ready(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it is gone, rejects (after a SIGKILL) when it is not within `timeoutMs`. @default 30,000 */
  stop(timeoutMs?: number): Promise<ChildExit>;
  /** SIGSTOP: alive to the kernel and its peers, and frozen. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** A new process of the same main and env, after a SIGKILL if it still runs; resolves as `startService` does. */
  restart(): Promise<void>;
}

export async function startService(options: ServiceOptions): Promise<Service> {
  let child = await launch(options);
  const service: Service = {
    get pid() {
      return child.pid;
    },
    get running() {
      return child.running;
    },
    get exited() {
      return child.exited;
    },
    output: () => child.output(),
    ready: () => isReady(child, options),
    kill: () => child.kill(),
    stop: (timeoutMs = 30_000) => stop(child, options.main, timeoutMs),
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    async restart() {
      await child.kill();
      child = await launch(options);
    },
    [Symbol.asyncDispose]: () => child.kill(),
  };
  return service;
}

async function launch(options: ServiceOptions): Promise<Child> {
  const child = await spawnChild({
    command: process.execPath,
    args: [options.main],
    env: { ...bareEnvironment(), ...options.env },
    cwd: ROOT,
  });
  try {
    if (options.readyUrl !== undefined) await isReady(child, options);
    return child;
  } catch (error) {
    await child.kill();
    throw error;
  }
}

async function isReady(child: Child, { main, readyUrl, readyTimeoutMs = 30_000 }: ServiceOptions): Promise<void> {
  if (readyUrl === undefined) throw new Error(`${main} was started without a readyUrl`);
  const check = async () => {
    if (!child.running) return undefined;
    const response = await fetch(readyUrl, { signal: AbortSignal.timeout(2000) });
    return response.ok ? undefined : `${readyUrl} answers ${response.status}: ${await response.text()}`;
  };
  try {
    await eventually(check, { timeoutMs: readyTimeoutMs, everyMs: 50 });
    if (!child.running) throw new Error('it ended');
  } catch (error) {
    throw new Error(`${main} is not ready:\n${child.output().slice(-4000)}`, { cause: error });
  }
}

async function stop(child: Child, main: string, timeoutMs: number): Promise<ChildExit> {
  child.signal('SIGTERM');
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.signal('SIGKILL');
  }, timeoutMs);
  const exit = await child.exited;
  clearTimeout(timer);
  if (late) throw new Error(`${main} did not stop within ${timeoutMs} ms:\n${child.output().slice(-4000)}`);
  return exit;
}
