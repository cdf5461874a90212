import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';

export type PartName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kube-proxy';

/** Servers of the control plane; they end with this process, which is the first of its PID namespace. */
export class Parts {
  readonly #binary: string;
  readonly #folder: string;
  readonly #extra: Readonly<Partial<Record<PartName, readonly string[]>>>;
  #died: string | undefined;

  /** `extra`: more arguments, which win over the given ones. */
  constructor(binary: string, folder: string, extra: Readonly<Partial<Record<PartName, readonly string[]>>>) {
    this.#binary = binary;
    this.#folder = folder;
    this.#extra = extra;
  }

  start(name: PartName, args: readonly string[]): void {
    const file = join(this.#folder, `${name}.log`);
    const log = openSync(file, 'a');
    const child = spawn(this.#binary, [name, ...args, ...(this.#extra[name] ?? [])], {
      stdio: ['ignore', log, log],
      cwd: this.#folder,
    });
    child.on('error', (error) => {
      this.#died = `${name}: ${error.message}`;
    });
    child.on('exit', (code, signal) => {
      this.#died = `${name} ended (${code ?? signal}), see ${file}`;
    });
  }

  /** Throws when one of them has ended: none ever should. */
  check(): void {
    if (this.#died !== undefined) throw new Error(this.#died);
  }
}
