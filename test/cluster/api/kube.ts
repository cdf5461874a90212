import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

export type Access = { url: string; ca: string; token: string };
export type Answer<T> = { status: number; body: T };
type Status = { message?: string };
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Options = { type?: string; token?: string };

/** An answer of the API server that is not 2xx. */
export class KubeError extends Error {
  override name = 'KubeError';
  readonly status: number;

  constructor(what: string, { status, body }: Answer<unknown>) {
    super(`${what}: ${status} ${(body as Status | undefined)?.message ?? String(body)}`);
    this.status = status;
  }
}

/** The API server over plain JSON: no field is lost to a model. */
export class Kube {
  readonly access: Access;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(access: Access) {
    this.access = access;
  }

  /** Whatever the answer is; rejects only when there is none. A body that is no JSON comes as a string. */
  async request<T>(method: Method, path: string, body?: unknown, options: Options = {}): Promise<Answer<T>> {
    const data = body === undefined ? '' : JSON.stringify(body);
    const response = await this.open(method, path, { data, ...options });
    const answer = await text(response);
    return { status: response.statusCode ?? 0, body: parsed(answer) as T };
  }

  /** The body of a 2xx; rejects with a KubeError otherwise. */
  async must<T>(method: Method, path: string, body?: unknown, options: Options = {}): Promise<T> {
    const answer = await this.request<T>(method, path, body, options);
    if (answer.status >= 300) throw new KubeError(`${method} ${path}`, answer);
    return answer.body;
  }

  /** A strategic merge patch: lists of named things are merged by name. Custom resources know only `merge`. */
  patch<T>(path: string, body: unknown, type: 'strategic-merge' | 'merge' = 'strategic-merge'): Promise<T> {
    return this.must<T>('PATCH', path, body, { type: `application/${type}-patch+json` });
  }

  /** `ownConnection`: for an answer that does not end. */
  open(
    method: Method,
    path: string,
    { data = '', type = 'application/json', token = this.access.token, ownConnection = false }: OpenOptions = {},
  ): Promise<IncomingMessage> {
    // Node frames no DELETE body by itself, and the next request on that connection would get a 400.
    const framing = data === '' ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(data) };
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json', ...framing };
    return new Promise((resolve, reject) => {
      request(
        this.access.url + path,
        { method, ca: this.access.ca, agent: ownConnection ? false : this.#agent, headers },
        resolve,
      )
        .on('error', reject)
        .end(data);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

type OpenOptions = Options & { data?: string; ownConnection?: boolean };

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
