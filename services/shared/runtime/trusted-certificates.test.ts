import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { issueAuthority, issueServer, type KeyPair } from '#services/bootstrap/certificates/x509-issuer.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { trustCertificates, trustCertificatesOnce } from './trusted-certificates.ts';

const publicOnes = getCACertificates('default');
const day = 86_400_000;
const clock = new FakeClock();
let folder: string;
let cleanUp: AsyncDisposableStack;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sonixy-trusted-'));
  cleanUp = new AsyncDisposableStack();
});
afterEach(async () => {
  await cleanUp.disposeAsync();
  setDefaultCACertificates(publicOnes);
  rmSync(folder, { recursive: true });
});

const newAuthority = (lifetimeMs = 10 * day) => issueAuthority({ now: Date.now(), lifetimeMs });

const fingerprints = (pems: string[]) => pems.map((pem) => new X509Certificate(pem).fingerprint256);

/** Answers every request; resolves to its URL. */
async function serve(authority: KeyPair): Promise<string> {
  const { certificate, privateKey } = await issueServer(authority, ['localhost'], { now: Date.now(), lifetimeMs: day });
  const server: Server = createServer({ cert: certificate, key: privateKey }, (_, response) => response.end('served'));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  cleanUp.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

/** What a library sees that was told of no authority. */
async function answerOf(url: string): Promise<string> {
  try {
    return await (await fetch(url, { headers: { connection: 'close' } })).text();
  } catch (error) {
    return String(((error as Error).cause as NodeJS.ErrnoException).code);
  }
}

function trust() {
  const metrics = createMetrics('test');
  const log = createLogger({ name: 'test', level: 'silent' });
  cleanUp.use(trustCertificates({ folder, clock, log, metrics, everyMs: 1_000 }));
  return metrics;
}

test('connections trust the authorities of the folder, public ones stay trusted', async () => {
  const [authority, stranger] = [await newAuthority(), await newAuthority()];
  const url = await serve(authority);
  expect(await answerOf(url)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');

  writeFileSync(join(folder, 'redis.crt'), authority.certificate);
  trust();

  expect(await answerOf(url)).toBe('served');
  expect(await answerOf(await serve(stranger))).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  const now = fingerprints(getCACertificates('default'));
  expect(fingerprints(publicOnes).filter((it) => !now.includes(it))).toEqual([]);
});

test('an authority that comes or goes while the process runs counts for new connections', async () => {
  const [old, next] = [await newAuthority(), await newAuthority()];
  const [oldUrl, nextUrl] = [await serve(old), await serve(next)];
  writeFileSync(join(folder, 'redis.crt'), old.certificate);
  trust();
  expect(await answerOf(nextUrl)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');

  writeFileSync(join(folder, 'redis.crt'), old.certificate + next.certificate);
  clock.advance(1_000);
  expect([await answerOf(oldUrl), await answerOf(nextUrl)]).toEqual(['served', 'served']);

  writeFileSync(join(folder, 'redis.crt'), next.certificate);
  clock.advance(1_000);
  expect([await answerOf(oldUrl), await answerOf(nextUrl)]).toEqual(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'served']);
});

test('what can not be read leaves what was trusted, and is read again', async () => {
  const [old, next] = [await newAuthority(), await newAuthority()];
  const [oldUrl, nextUrl] = [await serve(old), await serve(next)];
  writeFileSync(join(folder, 'redis.crt'), old.certificate);
  trust();

  writeFileSync(join(folder, 'redis.crt'), old.certificate.slice(0, 200));
  clock.advance(1_000);
  expect(await answerOf(oldUrl)).toBe('served');

  writeFileSync(join(folder, 'redis.crt'), next.certificate);
  clock.advance(1_000);
  expect(await answerOf(nextUrl)).toBe('served');
});

test('the metric is the end of the last to end of a file, as long as the file is there', async () => {
  const [soon, later] = [await newAuthority(day), await newAuthority(9 * day)];
  writeFileSync(join(folder, 'redis.crt'), soon.certificate + later.certificate);
  writeFileSync(join(folder, 'mongodb.crt'), soon.certificate);
  const metrics = trust();
  const values = async () => {
    const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('trusted_'));
    return Object.fromEntries(lines.map((line) => [/file="([^"]+)"/.exec(line)?.[1], Number(line.split(' ').at(-1))]));
  };
  const inDays = (days: number) => (Date.now() + days * day) / 1_000;
  const before = await values();
  expect(Object.keys(before)).toEqual(['mongodb.crt', 'redis.crt']);
  expect(before['redis.crt']).toBeGreaterThan(inDays(8));
  expect(before['redis.crt']).toBeLessThanOrEqual(inDays(9));
  expect(before['mongodb.crt']).toBeLessThanOrEqual(inDays(1));

  rmSync(join(folder, 'mongodb.crt'));
  clock.advance(1_000);
  expect(Object.keys(await values())).toEqual(['redis.crt']);
});

test('a program that ends soon trusts them too', async () => {
  const authority = await newAuthority();
  const url = await serve(authority);
  writeFileSync(join(folder, 'mongodb.crt'), authority.certificate);
  trustCertificatesOnce(folder);
  expect(await answerOf(url)).toBe('served');
});

test('a folder without certificates is an error that says what lacks', () => {
  expect(() => trustCertificatesOnce(join(folder, 'none'))).toThrow(/TRUSTED_CA_DIR: can't read .*none: ENOENT/);
  expect(() => trustCertificatesOnce(folder)).toThrow(/there is no \*\.crt in/);
  writeFileSync(join(folder, 'redis.crt'), 'nothing');
  expect(() => trustCertificatesOnce(folder)).toThrow(/there is no certificate in .*redis\.crt/);
  trustCertificatesOnce(undefined);
});
