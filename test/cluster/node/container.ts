import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec, ContainerState, ContainerStatus } from '../api/pod-spec.ts';
import { findImage } from '../images/image.ts';
import type { Target } from './attempt.ts';
import type { ContainerProcess } from './container-process.ts';
import { startContainer } from './container-start.ts';
import { stopContainer } from './container-stop.ts';
import { superviseContainer } from './container-supervision.ts';
import type { NodeContext } from './node-context.ts';
import type { PodView } from './pod-fields.ts';
import type { Sandbox } from './sandbox.ts';
import { apiTime } from './time.ts';
import type { Volumes } from './volumes.ts';

/** A sidecar is an init container that goes on: the next may start when it has started, and it ends after the mains. */
export type ContainerKind = 'init' | 'sidecar' | 'main';

/** What a container needs of its pod. */
export interface ContainerOwner extends PodView {
  readonly node: NodeContext;
  readonly folder: string;
  readonly sandbox: Sandbox | undefined;
  readonly volumes: Volumes;
  /** Set when the pod is to end; `atMs` may be brought forward. */
  readonly stopping: Deadline | undefined;
  readonly mainsDone: boolean;
  readonly graceMs: number;
  /** Its status is to be sent. */
  changed(): void;
  event(reason: string, message: string): void;
  /** Resolves false, at once, when the pod is stopped meanwhile. */
  pause(ms: number): Promise<boolean>;
}

export type Deadline = { atMs: number };

const MAX_BACKOFF_MS = 300_000;
/** Who ran that long starts with the first pause again. */
const FORGIVEN_AFTER_MS = 600_000;

export class Container {
  readonly owner: ContainerOwner;
  readonly spec: ContainerSpec;
  readonly kind: ContainerKind;
  /** Resolves when it has first started: a sidecar lets the next container start. */
  readonly startedOnce = Promise.withResolvers<void>();
  process: ContainerProcess | undefined;
  state: ContainerState;
  last: ContainerState | undefined;
  restarts = 0;
  ready = false;
  started = false;
  /** Why this node killed it, as `terminated.reason`. */
  killedFor: string | undefined;
  #delayMs = 0;
  #begunMs = 0;

  constructor(owner: ContainerOwner, spec: ContainerSpec, kind: ContainerKind) {
    this.owner = owner;
    this.spec = spec;
    this.kind = kind;
    const initialized = (owner.object.spec.initContainers ?? []).length === 0;
    this.state = waiting(initialized ? 'ContainerCreating' : 'PodInitializing');
  }

  /** Of this start, or of an earlier one. */
  logFile(restarts = this.restarts): string {
    const { namespace, name, uid } = this.owner.object.metadata;
    return join(this.owner.node.folder, 'logs', `${namespace}_${name}_${uid}`, `${this.spec.name}.${restarts}.log`);
  }

  set(change: Partial<Pick<Container, 'state' | 'ready' | 'started'>>): void {
    Object.assign(this, change);
    this.owner.changed();
  }

  /** Runs until it is not to be started again; resolves with its last exit code. */
  async loop(): Promise<number> {
    for (;;) {
      const code = await this.#once();
      if (this.#isOver(code)) return code;
      if (this.state.terminated === undefined) {
        // It could not be started at all.
        if (!(await this.owner.pause(1000))) return code;
        continue;
      }
      this.last = this.state;
      if (Date.now() - this.#begunMs > FORGIVEN_AFTER_MS) this.#delayMs = 0;
      if (this.#delayMs > 0) {
        const message = `back-off ${this.#delayMs / 1000}s restarting failed container=${this.spec.name}`;
        this.set({ state: waiting('CrashLoopBackOff', message) });
      }
      if (!(await this.owner.pause(this.#delayMs))) return code;
      // The first restart comes at once, then the pauses double.
      this.#delayMs = Math.min(this.#delayMs * 2 || this.owner.node.backoffMs, MAX_BACKOFF_MS);
      this.restarts += 1;
    }
  }

  /** preStop, SIGTERM, SIGKILL at the deadline. */
  async stop(deadline: Deadline): Promise<void> {
    if (this.process !== undefined) await stopContainer(this, this.process, deadline);
  }

  restart(graceSeconds?: number): Promise<void> {
    const graceMs = graceSeconds === undefined ? this.owner.graceMs : graceSeconds * 1000;
    return this.stop({ atMs: Date.now() + graceMs });
  }

  signal(signal: NodeJS.Signals): void {
    try {
      if (this.process !== undefined) process.kill(this.process.pid, signal);
    } catch {
      // It has just ended.
    }
  }

  /** For probes and handlers, as long as it runs. */
  target(): Target {
    return {
      spec: this.spec,
      ip: this.owner.ip ?? '',
      enter: (command) => {
        if (this.process === undefined) throw new Error('it does not run');
        return this.process.enter(command);
      },
    };
  }

  status(): ContainerStatus {
    const { spec, state, last, restarts } = this;
    return {
      ...{ name: spec.name, image: spec.image, imageID: spec.image },
      containerID: state.waiting && !last ? '' : this.#id(),
      restartCount: restarts,
      state,
      lastState: last ?? {},
      ready: this.kind === 'init' ? state.terminated?.exitCode === 0 : this.ready,
      started: this.started,
    };
  }

  #id(): string {
    return `process://${this.owner.object.metadata.uid}/${this.spec.name}/${this.restarts}`;
  }

  #isOver(code: number): boolean {
    if (this.owner.stopping !== undefined) return true;
    if (this.kind === 'sidecar') return this.owner.mainsDone;
    const { restartPolicy } = this.owner.object.spec;
    if (restartPolicy === 'Never') return this.state.terminated !== undefined;
    return code === 0 && (restartPolicy === 'OnFailure' || this.kind === 'init');
  }

  async #once(): Promise<number> {
    const { owner, spec } = this;
    const image = findImage(owner.node.images, spec.image);
    if (image === undefined) {
      this.set({ state: waiting('ImagePullBackOff', `Back-off pulling image "${spec.image}": not in the table`) });
      return 1;
    }
    const folder = join(owner.folder, 'containers', spec.name);
    const message = join(folder, 'termination-log');
    let running: ContainerProcess;
    try {
      running = await startContainer({ owner, spec, image, folder, message, logFile: this.logFile() });
    } catch (error) {
      this.set({ state: waiting('CreateContainerConfigError', error instanceof Error ? error.message : '') });
      return 1;
    }
    this.process = running;
    this.#begunMs = Date.now();
    this.killedFor = undefined;
    const startedAt = apiTime();
    const supervision = new AbortController();
    this.set({ state: { running: { startedAt } } });
    if (owner.stopping !== undefined) void this.stop(owner.stopping);
    const supervised = superviseContainer(this, running.pid, supervision.signal).catch((error: Error) =>
      owner.node.log(`${owner.object.metadata.name}/${spec.name}: ${error.message}`),
    );
    const exitCode = await running.ended;
    supervision.abort();
    await supervised;
    this.process = undefined;
    const reason = this.killedFor ?? (exitCode === 0 ? 'Completed' : 'Error');
    const text = this.#lastWords(message, exitCode);
    const terminated = { exitCode, reason, startedAt, finishedAt: apiTime(), containerID: this.#id() };
    this.set({
      ready: false,
      started: false,
      state: { terminated: text === '' ? terminated : { ...terminated, message: text } },
    });
    return exitCode;
  }

  #lastWords(file: string, exitCode: number): string {
    const written = existsSync(file) ? readFileSync(file, 'utf8').slice(0, 4096) : '';
    if (written !== '' || exitCode === 0 || this.spec.terminationMessagePolicy !== 'FallbackToLogsOnError')
      return written;
    return readFileSync(this.logFile(), 'utf8').slice(-2048);
  }
}

export function waiting(reason: string, message?: string): ContainerState {
  return { waiting: { reason, ...(message !== undefined && { message }) } };
}
