import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { MongoClient } from 'mongodb';
import { afterEach, expect, test } from 'vitest';
import { issueAuthority, issueServer } from '#services/bootstrap/certificates/x509-issuer.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { connectRedisPresence } from '#shared/presence/redis-presence.ts';
import { eventually } from '#test/eventually.ts';
import { createLogger } from './log.ts';
import { trustCertificatesOnce } from './trusted-certificates.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const day = 86_400_000;

let cleanUp = new AsyncDisposableStack();
afterEach(async () => {
  await cleanUp.disposeAsync();
  cleanUp = new AsyncDisposableStack();
});

/** Answers nothing, and counts clients that begin to talk, and those that go without a word. */
async function serve() {
  const authority = await issueAuthority({ now: Date.now(), lifetimeMs: day });
  const { certificate, privateKey } = await issueServer(authority, ['localhost'], { now: Date.now(), lifetimeMs: day });
  const seen = { talking: 0, gone: 0 };
  const server = createServer({ cert: certificate, key: privateKey }, (socket) => {
    let isSilent = true;
    socket.once('data', () => {
      isSilent = false;
      seen.talking += 1;
    });
    socket
      .on('error', () => {})
      .on('close', () => {
        if (isSilent) seen.gone += 1;
      });
    cleanUp.defer(() => void socket.destroy());
  });
  // Which of the two a refusal shows as depends on who is faster.
  server.on('tlsClientError', () => {
    seen.gone += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  cleanUp.defer(() => void server.close());
  return { address: `localhost:${(server.address() as AddressInfo).port}`, certificate: authority.certificate, seen };
}

type Connect = (address: string) => () => Promise<unknown>;

const clients: Record<string, Connect> = {
  'the bus': (address) => {
    const bus = connectAmqpBus({ url: `amqps://user:password@${address}`, log });
    return () => bus.close();
  },
  'the backplane': (address) => {
    const backplane = connectRedisBackplane({ url: `rediss://user:password@${address}`, log });
    return () => backplane.close();
  },
  presence: (address) => {
    const presence = connectRedisPresence({ url: `rediss://user:password@${address}`, worker: 'w', ttlMs: 1_000, log });
    return () => presence.close();
  },
  'the stores': (address) => {
    const client = new MongoClient(`mongodb://${address}/?tls=true`, { serverSelectionTimeoutMS: 60_000 });
    client.connect().catch(() => {});
    return () => client.close();
  },
};

test.each(Object.entries(clients))('%s trusts whom the process trusts, and nobody else', async (_, connect) => {
  const { address, certificate, seen } = await serve();
  const stranger = connect(address);
  cleanUp.defer(() => stranger().then(() => {}));
  await eventually(() => (seen.gone > 0 ? undefined : 'nobody has gone yet'));
  expect(seen.talking).toBe(0);

  const folder = mkdtempSync(join(tmpdir(), 'sonixy-trusted-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'store.crt'), certificate);
  trustCertificatesOnce(folder);
  const friend = connect(address);
  cleanUp.defer(() => friend().then(() => {}));
  await eventually(() => (seen.talking > 0 ? undefined : 'nobody talks yet'));
});
