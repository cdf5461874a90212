import { Agent, request } from 'node:http';

export type Poster = {
  /** Resolves with the status, or 0 when there was no answer. */
  post(url: URL, token: string, body: string): Promise<number>;
  /** The same with what was answered. */
  call(method: 'GET' | 'POST', url: URL, token: string, body?: string): Promise<{ status: number; text: string }>;
  close(): void;
};

/** As few cycles as Node's own client takes: the machine is shared with what is measured. */
export function createPoster(): Poster {
  const agent = new Agent({ keepAlive: true, maxSockets: 512 });
  const call: Poster['call'] = (method, url, token, body = '') =>
    new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(method === 'POST' ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}),
      };
      const { hostname, port, pathname, search } = url;
      const asked = request({ agent, method, hostname, port, path: pathname + search, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        response.on('error', () => resolve({ status: 0, text: '' }));
      });
      asked.on('error', (error) => resolve({ status: 0, text: error.message }));
      asked.end(body);
    });
  return {
    call,
    post: async (url, token, body) => (await call('POST', url, token, body)).status,
    close: () => agent.destroy(),
  };
}
