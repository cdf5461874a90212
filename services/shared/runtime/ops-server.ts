import { createServer } from 'node:http';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

export type OpsServerOptions = {
  /** @default '0.0.0.0' */
  readonly host?: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly log: Logger;
};

export type OpsServer = { readonly port: number; close(): Promise<void> };

/** `/metrics`, `/livez` (the event loop turns) and `/readyz` (200 or 503, with what is waited for), on a port of its own. */
export async function startOpsServer({
  host = '0.0.0.0',
  port,
  metrics,
  readiness,
  log,
}: OpsServerOptions): Promise<OpsServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    const answer = (status: number, contentType: string, body: string) =>
      response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'text/plain', 'method not allowed\n');
    else if (request.url === '/livez') answer(200, 'text/plain', 'ok\n');
    else if (request.url === '/readyz') {
      const report = readiness.report();
      answer(report.ready ? 200 : 503, 'application/json', `${JSON.stringify(report)}\n`);
    } else if (request.url === '/metrics') {
      metrics.render().then(
        (text) => answer(200, metrics.contentType, text),
        (err: unknown) => {
          log.error({ err }, 'metrics failed');
          answer(500, 'text/plain', 'metrics failed\n');
        },
      );
    } else answer(404, 'text/plain', 'not found\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
