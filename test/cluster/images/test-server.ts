// What tests run in pods. Without arguments: a server on PORT (8080) that answers `/` with its host name, `/healthz` with 200 until
// somebody asks for `/break`. It drains at SIGTERM, unless RUDE is set.
// `load URL`: requests without a pause, each on a connection of its own, until SIGTERM; then the counts as a line of JSON.
import { createServer, get } from 'node:http';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';

export type LoadCounts = { ok: number; failed: number; errors: Record<string, number>; pods: Record<string, number> };

const LOADERS = 4;
const REQUEST_TIMEOUT_MS = 10_000;
const SERVE_MS = 10;

const [mode, url = ''] = process.argv.slice(2);
if (mode === 'load') await load(url);
else serve();

function serve(): void {
  let healthy = true;
  const server = createServer((request, response) => {
    if (request.url === '/break') healthy = false;
    response.writeHead(request.url === '/healthz' && !healthy ? 500 : 200, { connection: 'close' });
    setTimeout(() => response.end(hostname()), request.url === '/' ? SERVE_MS : 0);
  });
  server.listen(Number(process.env['PORT'] ?? 8080), process.env['ADDRESS'] ?? '0.0.0.0');
  process.on('SIGTERM', () => {
    process.stdout.write('SIGTERM\n');
    if (process.env['RUDE'] !== undefined) process.exit(0);
    server.close(() => process.stdout.write('drained\n'));
  });
}

async function load(target: string): Promise<void> {
  const counts: LoadCounts = { ok: 0, failed: 0, errors: {}, pods: {} };
  let stopping = false;
  process.on('SIGTERM', () => {
    stopping = true;
  });
  const loader = async () => {
    while (!stopping) {
      try {
        const pod = await fetchText(target);
        counts.ok += 1;
        counts.pods[pod] = (counts.pods[pod] ?? 0) + 1;
      } catch (error) {
        const what = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
        counts.failed += 1;
        counts.errors[what] = (counts.errors[what] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, loader));
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}

function fetchText(target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(target, { agent: false, timeout: REQUEST_TIMEOUT_MS }, (response) => {
      if (response.statusCode === 200) text(response).then(resolve, reject);
      else reject(new Error(`HTTP ${response.statusCode}`));
    });
    request.on('error', reject).on('timeout', () => request.destroy(new Error('timeout')));
  });
}
