import { createServer, type ServerResponse } from 'node:http';
import { type Listener, listen } from './listen.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export type OpsServerOptions = {
  /** @default all interfaces */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly log: Logger;
};

/**
 * The operations port of a process, never routed to the public: `/metrics` (Prometheus text), `/livez` (200 while the
 * process turns), `/readyz` (200 or 503, the body lists the parts and what is waited for).
 *
 * @throws StartError when the address is taken
 */
export function startOpsServer({ host, port, metrics, readiness, log }: OpsServerOptions): Promise<Listener> {
  const routes: Record<string, (response: ServerResponse) => Promise<void> | void> = {
    '/metrics': async (response) => {
      const text = await metrics.registry.metrics();
      response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
    },
    '/livez': (response) => json(response, 200, { live: true }),
    '/readyz': (response) => {
      const report = readiness.report();
      json(response, report.ready ? 200 : 503, report);
    },
  };
  const server = createServer(async (request, response) => {
    const route = routes[request.url?.split('?', 1)[0] ?? ''];
    if (!route) return json(response, 404, { error: 'there is /metrics, /livez and /readyz' });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return json(response, 405, { error: 'only GET' });
    }
    try {
      await route(response);
    } catch (err) {
      log.error({ err }, 'operations request failed');
      json(response, 500, { error: 'internal error' });
    }
  });
  return listen(server, { port, closeGraceMs: 1_000, ...(host === undefined ? {} : { host }) });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
