import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '../../eventually.ts';
import { Kube, KubeError } from '../api/kube.ts';
import type { KubeObject, List, Metadata } from '../api/objects.ts';
import type { Outcome } from '../node/run-command.ts';
import type { ClusterAddress } from '../settings.ts';
import { type Forward, forward, openTunnel, tunnelOf } from '../tunnel/tunnel.ts';
import { type Why, whyNotReady } from './conditions.ts';
import { execInPod } from './exec.ts';
import { explain } from './explain.ts';
import { apiVersionOf, ResourcePaths } from './resource-path.ts';

/** An object to be made. Its apiVersion is found by its kind where that is a common one. */
export type Manifest = { apiVersion?: string; kind: string; metadata: Metadata; [field: string]: unknown };

type Waiting = { timeoutMs?: number };
const DEFAULT_TIMEOUT_MS = 60_000;
const run = promisify(execFile);

/**
 * A cluster as a test sees it. Methods that name an object take it from `namespace`; a kind is `Deployment`, or
 * `group/version/Kind` for an uncommon one. They reject with a KubeError when the API server refuses.
 */
export class Cluster {
  readonly address: ClusterAddress;
  readonly kube: Kube;
  readonly namespace: string;
  readonly #paths: ResourcePaths;

  constructor(address: ClusterAddress, namespace = 'default', shared?: { kube: Kube; paths: ResourcePaths }) {
    this.address = address;
    this.namespace = namespace;
    this.kube = shared?.kube ?? new Kube(address);
    this.#paths = shared?.paths ?? new ResourcePaths(this.kube);
  }

  /** The same cluster, another namespace. */
  in(namespace: string): Cluster {
    return new Cluster(this.address, namespace, { kube: this.kube, paths: this.#paths });
  }

  async create<T extends KubeObject>(manifest: Manifest): Promise<T> {
    const { apiVersion, path } = await this.#place(manifest);
    return this.kube.must<T>('POST', path, { ...manifest, apiVersion });
  }

  /** Server-side apply with strict validation; conflicts are taken over with `force`. */
  async apply<T extends KubeObject>(
    manifest: Manifest,
    {
      fieldManager = 'test',
      force = false,
      dryRun = false,
    }: { fieldManager?: string; force?: boolean; dryRun?: boolean } = {},
  ): Promise<T> {
    const { apiVersion, path } = await this.#place(manifest);
    const query = new URLSearchParams({ fieldManager, force: String(force), fieldValidation: 'Strict' });
    if (dryRun) query.set('dryRun', 'All');
    const type = 'application/apply-patch+yaml';
    return this.kube.must<T>(
      'PATCH',
      `${path}/${manifest.metadata.name}?${query}`,
      { ...manifest, apiVersion },
      { type },
    );
  }

  async get<T extends KubeObject>(kind: string, name: string): Promise<T> {
    return this.kube.must<T>('GET', await this.path(kind, name));
  }

  /** `labels` as kubectl has it: `app=web,tier!=db`. */
  async list<T extends KubeObject>(kind: string, labels = ''): Promise<T[]> {
    const query = new URLSearchParams({ labelSelector: labels });
    return (await this.kube.must<List<T>>('GET', `${await this.path(kind)}?${query}`)).items;
  }

  /** `merge` replaces lists, and is all that custom resources know. @default strategic-merge */
  async patch<T extends KubeObject>(
    kind: string,
    name: string,
    body: unknown,
    type?: 'strategic-merge' | 'merge',
  ): Promise<T> {
    return this.kube.patch<T>(await this.path(kind, name), body, type);
  }

  /** Asks for its end and does not wait for it, see `gone`. What is not there is no error. */
  async remove(kind: string, name: string, { graceSeconds }: { graceSeconds?: number } = {}): Promise<void> {
    const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', ...grace };
    const answer = await this.kube.request('DELETE', await this.path(kind, name), options);
    if (answer.status >= 300 && answer.status !== 404) throw new KubeError(`delete ${kind} ${name}`, answer);
  }

  async gone(kind: string, name: string, { timeoutMs = DEFAULT_TIMEOUT_MS }: Waiting = {}): Promise<void> {
    const path = await this.path(kind, name);
    const check = async () => ((await this.kube.request('GET', path)).status === 404 ? undefined : `${name} is there`);
    await eventually(check, { timeoutMs, everyMs: 50 });
  }

  /**
   * Waits until `why` has nothing more to say against the object, and answers it. On time-out the error carries the
   * last reason and what the namespace's pods and events say.
   */
  async becomes<T extends KubeObject>(
    kind: string,
    name: string,
    why: Why<T>,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: Waiting = {},
  ): Promise<T> {
    let last: T | undefined;
    try {
      await eventually(
        async () => {
          last = await this.get<T>(kind, name);
          return why(last);
        },
        { timeoutMs, everyMs: 50 },
      );
    } catch (error) {
      const explanation = await explain(this.kube, this.namespace).catch(String);
      throw new Error(`${(error as Error).message}\n${explanation}`, { cause: error });
    }
    if (last === undefined) throw new Error(`${kind} ${name} was never read`);
    return last;
  }

  /** Pod, Deployment, StatefulSet: ready and rolled out; Job: complete; PersistentVolumeClaim: bound. */
  async ready<T extends KubeObject>(kind: string, name: string, waiting: Waiting = {}): Promise<T> {
    const why = whyNotReady[kind] as Why<T> | undefined;
    if (why === undefined) throw new Error(`nobody says when a ${kind} is ready`);
    return this.becomes<T>(kind, name, why, waiting);
  }

  /** Runs a command in a running container, the first one by default: argv, or a line for the shell. */
  exec(
    pod: string,
    command: string | readonly string[],
    { container, input }: { container?: string; input?: string } = {},
  ): Promise<Outcome> {
    const argv = typeof command === 'string' ? ['sh', '-c', command] : command;
    const target = { namespace: this.namespace, pod, ...(container !== undefined && { container }) };
    return execInPod(this.address, target, argv, input);
  }

  async log(pod: string, { container, previous }: { container?: string; previous?: boolean } = {}): Promise<string> {
    const query = new URLSearchParams({ previous: String(previous ?? false) });
    if (container !== undefined) query.set('container', container);
    return this.kube.must<string>('GET', `${await this.path('Pod', pod)}/log?${query}`);
  }

  /** To a container's first process, from the node: SIGKILL hits it, too. */
  async signal(pod: string, signal: NodeJS.Signals, container?: string): Promise<void> {
    const target = { namespace: this.namespace, pod, ...(container !== undefined && { container }) };
    (await openTunnel(tunnelOf(this.address.folder), { signal: { ...target, signal } })).destroy();
  }

  /** `host`: a name like `hub.realtime.svc`, or an address. The connections come from the node: no policy binds them. */
  forward(host: string, port: number): Promise<Forward> {
    return forward(tunnelOf(this.address.folder), host, port);
  }

  /** Its stdout; each call costs up to a CPU-second. */
  async kubectl(...args: string[]): Promise<string> {
    const { kubectl, kubeconfig } = this.address;
    const { stdout } = await run(kubectl, ['--kubeconfig', kubeconfig, '--namespace', this.namespace, ...args]);
    return stdout;
  }

  path(kind: string, name?: string): Promise<string> {
    const named = apiVersionOf(kind);
    return this.#paths.of(named.apiVersion, named.kind, this.namespace, name);
  }

  close(): void {
    this.kube.close();
  }

  async #place({ apiVersion, kind, metadata }: Manifest): Promise<{ apiVersion: string; path: string }> {
    const version = apiVersion ?? apiVersionOf(kind).apiVersion;
    return { apiVersion: version, path: await this.#paths.of(version, kind, metadata.namespace ?? this.namespace) };
  }
}
