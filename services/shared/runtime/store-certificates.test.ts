import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { issueAuthority, issueServer, type KeyPair } from '#services/bootstrap/certificates/x509-issuer.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { createLogger } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { watchStoreCertificates } from './store-certificates.ts';

const hour = 3_600_000;
const log = createLogger({ name: 'test', level: 'silent' });
let clock: FakeClock;
let metrics: Metrics;
let cleanUp: AsyncDisposableStack;
beforeEach(() => {
  clock = new FakeClock();
  metrics = createMetrics('test');
  cleanUp = new AsyncDisposableStack();
});
afterEach(() => cleanUp.disposeAsync());

/** Of an authority that nobody trusts. */
async function issue(hours: number): Promise<KeyPair> {
  const authority = await issueAuthority({ now: Date.now(), lifetimeMs: 100 * hour });
  return issueServer(authority, ['localhost'], { now: Date.now(), lifetimeMs: hours * hour });
}

const endOf = ({ certificate }: KeyPair) => new X509Certificate(certificate).validToDate.getTime() / 1_000;

/** Ends each connection that says something, and counts what it was told. */
async function serve(pair: KeyPair) {
  let heard = 0;
  const secure = ({ certificate, privateKey }: KeyPair) => ({ cert: certificate, key: privateKey });
  const server = createServer(secure(pair), (socket) => {
    socket.on('error', () => {}).on('data', () => heard++);
    cleanUp.defer(() => void socket.destroy());
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.defer(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    renew: (next: KeyPair) => server.setSecureContext(secure(next)),
    close: () => new Promise((resolve) => server.close(resolve)),
    heard: () => heard,
  };
}

function watch(...urls: (string | undefined)[]) {
  cleanUp.use(watchStoreCertificates({ urls, clock, log, metrics, everyMs: 1_000 }));
}

async function expiryOf(store: string): Promise<number | undefined> {
  const text = await metrics.registry.metrics();
  const line = new RegExp(`^store_certificate_expires_timestamp_seconds\\{store="${store}",\\S* (\\S+)$`, 'm');
  const value = line.exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** Resolves when the look is over, too. */
const becomes = (store: string, end: number) =>
  eventually(async () => {
    const told = await expiryOf(store);
    if (told !== end) return `it is ${told}`;
    return clock.waiting > 0 ? undefined : 'it still looks';
  });

test('the end of the certificate of each store is told, whoever signed it, and nothing is said to the store', async () => {
  const pairs = [await issue(1), await issue(2), await issue(3)] as const;
  const [rabbitmq, redis, mongodb] = [await serve(pairs[0]), await serve(pairs[1]), await serve(pairs[2])];
  watch(
    `amqps://hub:p%40ss@${rabbitmq.address}/vhost`,
    `rediss://hub:secret@${redis.address}`,
    `mongodb://chat:secret@${mongodb.address}/?replicaSet=rs0&tls=true`,
    undefined,
  );
  await becomes('rabbitmq', endOf(pairs[0]));
  await becomes('redis', endOf(pairs[1]));
  await becomes('mongodb', endOf(pairs[2]));
  expect(rabbitmq.heard() + redis.heard() + mongodb.heard()).toBe(0);
});

test('a renewed certificate is seen at the next look, and an absence changes nothing', async () => {
  const [first, second] = [await issue(1), await issue(2)];
  const server = await serve(first);
  watch(`rediss://${server.address}`);
  await becomes('redis', endOf(first));
  server.renew(second);
  clock.advance(999);
  expect(await expiryOf('redis')).toBe(endOf(first));
  clock.advance(1);
  await becomes('redis', endOf(second));
  await server.close();
  clock.advance(1_000);
  // The next look is planned when this one has failed.
  await eventually(() => (clock.waiting > 0 ? undefined : 'it looks'));
  expect(await expiryOf('redis')).toBe(endOf(second));
});

test('of the members of a set the first end counts', async () => {
  const [long, short] = [await issue(9), await issue(1)];
  const [one, other] = [await serve(long), await serve(short)];
  watch(`mongodb://${one.address},${other.address}/?tls=true`);
  await becomes('mongodb', endOf(short));
});

test('what speaks no TLS is not asked', async () => {
  const server = await serve(await issue(1));
  watch(`amqp://${server.address}`, `redis://${server.address}`, `mongodb://${server.address}/?replicaSet=rs0`);
  expect(await metrics.registry.metrics()).not.toContain('store_certificate');
});
