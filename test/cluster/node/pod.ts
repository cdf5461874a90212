import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PodObject } from '../api/pod-spec.ts';
import { Container, type ContainerOwner, type Deadline, waiting } from './container.ts';
import type { NodeContext } from './node-context.ts';
import { writeEtcFiles } from './pod-files.ts';
import { PodReporter } from './pod-reporter.ts';
import type { PodState } from './pod-status.ts';
import { createSandbox, nodeSandbox, type Sandbox } from './sandbox.ts';
import { apiTime } from './time.ts';
import { Volumes } from './volumes.ts';

const MAX_HOSTNAME_CHARACTERS = 63;
const VOLUME_RETRY_MS = 500;

/** A pod of this node, from its binding to its end. */
export class Pod implements ContainerOwner {
  readonly node: NodeContext;
  readonly folder: string;
  readonly hostname: string;
  readonly graceMs: number;
  readonly volumes: Volumes;
  readonly inits: readonly Container[];
  readonly mains: readonly Container[];
  /** Resolves when nothing of it runs any more. */
  readonly ended: Promise<void>;
  object: PodObject;
  sandbox: Sandbox | undefined;
  stopping: Deadline | undefined;
  mainsDone = false;
  over = false;
  #initialized = false;
  #phase = 'Pending';
  #reason: string | undefined;
  readonly #startTime = apiTime();
  readonly #stopped = new AbortController();
  readonly #reporter: PodReporter;

  constructor(node: NodeContext, object: PodObject) {
    const { spec, metadata } = object;
    this.node = node;
    this.object = object;
    this.folder = join(node.runFolder, 'pods', metadata.uid ?? metadata.name);
    this.hostname = (spec.hostname ?? metadata.name).slice(0, MAX_HOSTNAME_CHARACTERS);
    this.graceMs = (spec.terminationGracePeriodSeconds ?? 30) * 1000;
    this.volumes = new Volumes(node, this, this.folder);
    this.mains = spec.containers.map((container) => new Container(this, container, 'main'));
    this.inits = (spec.initContainers ?? []).map(
      (container) => new Container(this, container, container.restartPolicy === 'Always' ? 'sidecar' : 'init'),
    );
    this.#reporter = new PodReporter(node.kube, () => this.#state(), node.log);
    this.ended = this.#live();
  }

  get ip(): string | undefined {
    return this.sandbox?.ip;
  }

  changed(): void {
    void this.#reporter.send();
  }

  event(reason: string, message: string): void {
    const { namespace, name, uid } = this.object.metadata;
    const now = apiTime();
    this.node.log(`${namespace}/${name}: ${reason}: ${message}`);
    const event = {
      metadata: { generateName: `${name}.` },
      ...{ type: 'Warning', reason, message, source: { component: 'kubelet' } },
      ...{ firstTimestamp: now, lastTimestamp: now, count: 1 },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    };
    this.node.kube.request('POST', `/api/v1/namespaces/${namespace}/events`, event).catch(() => {});
  }

  pause(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.#stopped.signal }).catch(() => false);
  }

  /** Ends the pod; called again it can only bring the end forward. */
  stop(graceMs: number, reason?: string): void {
    const atMs = Date.now() + graceMs;
    if (this.stopping !== undefined) {
      this.stopping.atMs = Math.min(this.stopping.atMs, atMs);
      return;
    }
    const deadline = { atMs };
    this.stopping = deadline;
    this.#reason = reason;
    this.#stopped.abort();
    // Sidecars go last, see #end.
    for (const container of [...this.mains, ...this.inits.filter(({ kind }) => kind === 'init')]) {
      void container.stop(deadline);
    }
  }

  /** Its object is gone, whatever the grace: end at once and say nothing. */
  abandon(): void {
    this.#reporter.close();
    this.stop(0);
  }

  async #live(): Promise<void> {
    const loops = new Map<Container, Promise<number>>();
    let failed = false;
    try {
      failed = !(await this.#start(loops));
      await Promise.all(this.mains.map((container) => loops.get(container)));
    } catch (error) {
      failed = true;
      this.event('FailedCreatePodSandBox', String(error));
    }
    await this.#end(loops);
    const bad =
      failed || this.#reason !== undefined || this.mains.some(({ state }) => state.terminated?.exitCode !== 0);
    this.#phase = bad ? 'Failed' : 'Succeeded';
    this.over = true;
    await this.volumes.remove();
    await this.sandbox?.remove();
    this.node.packetRules.syncSoon();
    await this.#reporter.send();
    rmSync(join(this.folder, 'containers'), { recursive: true, force: true });
  }

  /** False when an init container failed for good. */
  async #start(loops: Map<Container, Promise<number>>): Promise<boolean> {
    const { spec } = this.object;
    if (!(await this.#mountVolumes())) return true;
    this.sandbox = spec.hostNetwork ? nodeSandbox : await createSandbox(this.hostname);
    writeEtcFiles(this.folder, this);
    // Before anything in the pod runs.
    await this.node.packetRules.sync();
    if (spec.activeDeadlineSeconds !== undefined) void this.#endAfter(spec.activeDeadlineSeconds * 1000);
    this.changed();
    const stopped = new Promise<void>((resolve) => {
      this.#stopped.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    for (const container of this.inits) {
      if (this.stopping !== undefined) return true;
      const loop = container.loop();
      loops.set(container, loop);
      if (container.kind === 'sidecar') await Promise.race([container.startedOnce.promise, stopped]);
      else if ((await loop) !== 0) return this.stopping !== undefined;
    }
    if (this.stopping !== undefined) return true;
    this.#initialized = true;
    for (const container of this.mains) {
      container.state = waiting('ContainerCreating');
      loops.set(container, container.loop());
    }
    this.changed();
    return true;
  }

  /** Tries until what they need is there; false when the pod is stopped meanwhile. */
  async #mountVolumes(): Promise<boolean> {
    let told = '';
    for (;;) {
      try {
        await this.volumes.refresh();
        return true;
      } catch (error) {
        const { message } = error as Error;
        if (message !== told) this.event('FailedMount', message);
        told = message;
        this.changed();
        if (!(await this.pause(VOLUME_RETRY_MS))) return false;
      }
    }
  }

  async #endAfter(ms: number): Promise<void> {
    if (await this.pause(ms)) this.stop(this.graceMs, 'DeadlineExceeded');
  }

  async #end(loops: ReadonlyMap<Container, Promise<number>>): Promise<void> {
    this.mainsDone = true;
    // Nobody waits for a restart any more.
    this.#stopped.abort();
    await Promise.all(this.mains.map((container) => loops.get(container)));
    // The last started first.
    for (const container of this.inits.toReversed()) {
      if (!loops.has(container)) continue;
      await container.stop(this.stopping ?? { atMs: Date.now() + this.graceMs });
      await loops.get(container);
    }
  }

  #state(): PodState {
    const { object, ip, over, inits, mains } = this;
    if (!over && mains.some(({ process, last, state }) => process ?? last ?? state.terminated)) this.#phase = 'Running';
    return {
      ...{ object, ip, over, inits, mains },
      ...{ phase: this.#phase, reason: this.#reason, startTime: this.#startTime, initialized: this.#initialized },
    };
  }
}
