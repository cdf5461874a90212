import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeAccess } from './in-cluster.ts';
import { KubeProblem } from './kube-problem.ts';

/** What any object of the API has. */
export type KubeObject = {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
};

/** Resources of one namespace that we deal with, by the path of their API. */
const paths = {
  secrets: 'api/v1',
  configmaps: 'api/v1',
  persistentvolumeclaims: 'api/v1',
  statefulsets: 'apis/apps/v1',
} as const;

export type KubeResource = keyof typeof paths;

type Method = 'GET' | 'POST' | 'PATCH';
type Answer = { readonly status: number; readonly body: unknown };

/** No answer takes longer from an API server that is well. */
const timeoutMs = 15_000;

/**
 * One namespace over plain JSON: no field is lost to a model. A connection per call, since few are made and far apart.
 * Every call throws a KubeProblem for what it does not name as an answer.
 */
export class Kube {
  readonly #access: KubeAccess;
  readonly #namespace: string;

  constructor(access: KubeAccess, namespace: string) {
    this.#access = access;
    this.#namespace = namespace;
  }

  /** undefined: there is none of that name. */
  async get<T extends KubeObject>(resource: KubeResource, name: string): Promise<T | undefined> {
    const { status, body } = await this.#call('GET', this.#path(resource, name), undefined, [200, 404]);
    return status === 404 ? undefined : (body as T);
  }

  /** false: one of that name is there already, and stays as it is. */
  async create(resource: KubeResource, object: KubeObject): Promise<boolean> {
    const { status, body } = await this.#call('POST', this.#path(resource), object, [201, 409]);
    if (status === 201) return true;
    if (reasonOf(body) === 'AlreadyExists') return false;
    throw problemOf(`create ${resource}/${object.metadata.name}`, status, body);
  }

  /** A JSON merge patch. With `metadata.resourceVersion` in it: a KubeProblem 409 where somebody else was first. */
  async patch<T extends KubeObject>(resource: KubeResource, name: string, change: object): Promise<T> {
    return (await this.#call('PATCH', this.#path(resource, name), change, [200])).body as T;
  }

  #path(resource: KubeResource, name?: string): string {
    const all = `/${paths[resource]}/namespaces/${this.#namespace}/${resource}`;
    return name === undefined ? all : `${all}/${name}`;
  }

  async #call(method: Method, path: string, body: object | undefined, expected: readonly number[]): Promise<Answer> {
    const what = `${method} ${path}`;
    const answer = await this.#send(method, path, body).catch((error: Error) => {
      throw new KubeProblem(what, { status: 0, message: `no answer from ${this.#access.url}: ${error.message}` });
    });
    if (!expected.includes(answer.status)) throw problemOf(what, answer.status, answer.body);
    return answer;
  }

  async #send(method: Method, path: string, body: object | undefined): Promise<Answer> {
    const { token, ca } = this.#access.credentials();
    const data = body === undefined ? '' : JSON.stringify(body);
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const framing = data === '' ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(data) };
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json', ...framing };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const signal = AbortSignal.timeout(timeoutMs);
    request(`${this.#access.url}${path}`, { method, ca, headers, agent: false, signal }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: parsed(answer) }), reject);
    })
      .on('error', (error) => reject(signal.aborted ? new Error(`nothing came within ${timeoutMs / 1_000} s`) : error))
      .end(data);
    return promise;
  }
}

/** `Status` of the API, or the text of something in between. */
function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return { message: answer };
  }
}

function problemOf(what: string, status: number, body: unknown): KubeProblem {
  return new KubeProblem(what, { status, reason: reasonOf(body), message: field(body, 'message') });
}

function reasonOf(body: unknown): string {
  return field(body, 'reason');
}

function field(body: unknown, name: string): string {
  const value = (body as Record<string, unknown> | null)?.[name];
  return typeof value === 'string' ? value : '';
}
