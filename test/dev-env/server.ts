import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { type Child, type ChildOptions, spawnChild } from './child.ts';

/** A real server that belongs to one test: its own port and data folder, gone at the end of the test or its process. */
export interface Server extends AsyncDisposable {
  /** Stays the same over restarts. */
  readonly url: string;
  readonly port: number;
  /** Of the server itself, not of a wrapper; another one after a restart. */
  readonly pid: number;
  /** SIGKILL; resolves when the process is gone and its port refuses. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay and nothing answers. */
  stopProcess(): void;
  /** SIGCONT. */
  cont(): void;
  /** On the same port and data, after a SIGKILL if it still runs; resolves when it answers again. */
  restart(): Promise<void>;
  /** What the running server wrote, bounded. */
  output(): string;
}

export type ServerPlan = {
  url: string;
  port: number;
  process: ChildOptions;
  /** What the server writes once it serves: its own word, since a port may answer on behalf of a stranger. */
  readyWhen: RegExp;
  /** Runs after the server's end, when the test is over. */
  dispose?: () => Promise<void>;
};

const PORT_TAKEN = /address already in use|eaddrinuse|port .* (in use|taken)|failed to set up listener/i;
const START_TIMEOUT_MS = 150_000;

/** Asks `plan` for ports and a command line, again with other ports when somebody took one in between. */
export async function startServer<Plan extends ServerPlan>(
  name: string,
  plan: (folder: string) => Promise<Plan>,
): Promise<{ server: Server; plan: Plan }> {
  for (let attempt = 1; ; attempt++) {
    const folder = mkdtempSync(join(tmpdir(), `sonixy-${name}-`));
    const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.once('exit', removeFolder);
    const forget = () => {
      process.off('exit', removeFolder);
      removeFolder();
    };
    let planned: Plan | undefined;
    try {
      planned = await plan(folder);
      return { server: await serve(name, planned, forget), plan: planned };
    } catch (error) {
      await planned?.dispose?.();
      forget();
      if (attempt === 5 || !(error instanceof Error && PORT_TAKEN.test(error.message))) throw error;
    }
  }
}

async function serve(name: string, plan: ServerPlan, forget: () => void): Promise<Server> {
  let child = await launch(name, plan);
  return {
    url: plan.url,
    port: plan.port,
    get pid() {
      return child.pid;
    },
    kill: () => child.kill(),
    stopProcess: () => child.signal('SIGSTOP'),
    cont: () => child.signal('SIGCONT'),
    async restart() {
      await child.kill();
      child = await launch(name, plan);
    },
    output: () => child.output(),
    async [Symbol.asyncDispose]() {
      await child.kill();
      await plan.dispose?.();
      forget();
    },
  };
}

async function launch(name: string, plan: ServerPlan): Promise<Child> {
  const child = await spawnChild(plan.process);
  const isReady = () => {
    if (!child.running) return undefined;
    return plan.readyWhen.test(child.output()) ? undefined : `${name} does not serve yet`;
  };
  try {
    await eventually(isReady, { timeoutMs: START_TIMEOUT_MS });
    if (!child.running) throw new Error(`${name} ended while it started`);
    return child;
  } catch (error) {
    await child.kill();
    throw new Error(`${name} did not start:\n${child.output().slice(-4000)}`, { cause: error });
  }
}
