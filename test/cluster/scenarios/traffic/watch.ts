import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export type WatchEvent<T> = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T };

/** `kubectl get --watch`: each event as it comes, what is there already first. */
export class Watch {
  #child: ChildProcess | undefined;
  readonly #begun = Promise.withResolvers<void>();

  private constructor() {}

  static start<T>(kind: string, namespace: string, onEvent: (event: WatchEvent<T>) => void): Watch {
    const args = ['get', kind, `--namespace=${namespace}`, '--watch', '--output-watch-events', '--output=json'];
    const watch = new Watch();
    const begin = () => {
      const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      watch.#child = child;
      child.once('exit', (code) => {
        if (watch.#child === undefined) return;
        // Whoever looks at nothing finds nothing wrong.
        if (code !== 0) throw new Error(`the watch of ${kind} ended with ${code}`);
        // The server ends each after some time.
        begin();
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        onEvent(JSON.parse(line) as WatchEvent<T>);
        watch.#begun.resolve();
      });
    };
    begin();
    return watch;
  }

  /** Resolves with the first event. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill();
    await exited;
  }
}
