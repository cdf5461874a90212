import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';
import type { Filler } from './fill-queue.ts';

export type Servers = { readonly amqpUrl: string; readonly redisUrl: string; readonly filler: Filler };

export type BenchService = AsyncDisposable & {
  readonly service: Service;
  readonly queue: string;
  readonly opsUrl: string;
};

/** The notification service as it runs alone, with a queue and a SQLite file of its own; it consumes when this resolves. */
export async function startNotificationService(
  { amqpUrl, redisUrl }: Servers,
  env: Record<string, string> = {},
): Promise<BenchService> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(ownFolder());
  const queue = `bench-${randomUUID()}`;
  const opsUrl = `http://127.0.0.1:${await freePort()}`;
  const service = parts.use(
    await startService({
      main: 'services/notification/main.ts',
      env: {
        AMQP_URL: amqpUrl,
        REDIS_URL: redisUrl,
        DATA_DIR: folder.path,
        NOTIFICATION_QUEUE: queue,
        JWT_HS256_SECRET: randomBytes(32).toString('base64'),
        INTERNAL_SECRET: randomBytes(32).toString('base64'),
        HOST: '127.0.0.1',
        PORT: String(await freePort()),
        OPS_PORT: new URL(opsUrl).port,
        LOG_LEVEL: 'warn',
        ...env,
      },
      readyUrl: `${opsUrl}/readyz`,
    }),
  );
  await eventually(async () => {
    const report = (await (await fetch(`${opsUrl}/readyz`)).json()) as { parts: Record<string, { ready: boolean }> };
    const waiting = Object.entries(report.parts).filter(([, { ready }]) => !ready);
    return waiting.length === 0 ? undefined : `the service waits for ${waiting.map(([name]) => name)}`;
  });
  const running = parts.move();
  return { service, queue, opsUrl, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

export function ownFolder(): AsyncDisposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'sonixy-bench-'));
  return { path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }) };
}
