import { setTimeout as sleep } from 'node:timers/promises';
import { type Kube, KubeError } from '../api/kube.ts';
import type { Condition } from '../api/objects.ts';
import { type PodState, podStatus } from './pod-status.ts';

/** Changes that come together go together. */
const TOGETHER_MS = 5;
const RETRY_MS = 500;

/** Tells the API server a pod's status, in order, and only when it is another. */
export class PodReporter {
  readonly #kube: Kube;
  readonly #state: () => PodState;
  readonly #log: (line: string) => void;
  readonly #conditions = new Map<string, Condition>();
  #sent = '';
  #planned: Promise<void> | undefined;
  #queue = Promise.resolve();
  #closed = false;

  constructor(kube: Kube, state: () => PodState, log: (line: string) => void) {
    this.#kube = kube;
    this.#state = state;
    this.#log = log;
  }

  /** Resolves when the status as it is now has been sent. */
  send(): Promise<void> {
    this.#planned ??= sleep(TOGETHER_MS).then(() => {
      this.#planned = undefined;
      this.#queue = this.#queue.then(() => this.#send());
      return this.#queue;
    });
    return this.#planned;
  }

  /** The pod's object is gone: nothing is sent any more. */
  close(): void {
    this.#closed = true;
  }

  async #send(): Promise<void> {
    if (this.#closed) return;
    const state = this.#state();
    const status = podStatus(state, this.#conditions);
    for (const condition of status.conditions) this.#conditions.set(condition.type, condition);
    const text = JSON.stringify(status);
    if (text === this.#sent) return;
    const { namespace, name, uid } = state.object.metadata;
    try {
      await this.#kube.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, { metadata: { uid }, status });
      this.#sent = text;
    } catch (error) {
      // It is gone, or another of the same name is there.
      if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return;
      if (this.#closed) return;
      this.#log((error as Error).message);
      void sleep(RETRY_MS).then(() => this.send());
    }
  }
}
