import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { issueAuthority, type KeyPair } from '#services/bootstrap/certificates/x509-issuer.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type SimulatedPod, SimulatedSet } from './pod.fixture.ts';

vi.setConfig({ testTimeout: 600_000 });

let set: SimulatedSet;
let authority: KeyPair;
let pod: SimulatedPod;
let cleanUp: AsyncDisposableStack;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  set = cleanUp.use(await SimulatedSet.create());
  if (!set.authority) throw new Error('the set is one with TLS');
  authority = set.authority;
  pod = await set.newPod();
});
afterEach(() => cleanUp.disposeAsync());

/** Fingerprint of what mongod shows to those who connect now and trust `trusted`. */
function served(trusted: KeyPair): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: 'localhost', port: pod.port, ca: trusted.certificate, servername: 'localhost' });
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? 'none');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

const fingerprintOf = ({ certificate }: KeyPair) => new X509Certificate(certificate).fingerprint256;

async function becomesServed(pair: KeyPair, trusted: KeyPair): Promise<void> {
  const why = async () => ((await served(trusted)) === fingerprintOf(pair) ? undefined : 'the one of before is served');
  await eventually(why, { timeoutMs: 150_000 });
}

async function expiryMetric(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${pod.opsPort}/metrics`)).text();
  return Number(/^mongodb_certificate_expires_timestamp_seconds\S* (\S+)$/m.exec(text)?.[1]);
}

const endOf = ({ certificate }: KeyPair) => new X509Certificate(certificate).validToDate.getTime() / 1_000;

describeWithServer('mongodev', 'the certificate of a member', () => {
  test('is written for mongod alone before it starts, and renewed without a restart or a lost connection', async () => {
    const first = await set.mountCertificate(authority, { hours: 1 });
    await pod.startSidecar();
    const pem = join(pod.folder, 'server.pem');
    expect((await stat(pem)).mode & 0o777).toBe(0o400);
    expect(await readFile(pem, 'utf8')).toBe(first.certificate + first.privateKey);
    await pod.startMongod();
    await pod.becomesReady();
    await becomesServed(first, authority);
    expect(await expiryMetric()).toBe(endOf(first));
    const { pid } = pod.mongod;
    const client = await pod.client('chat');
    cleanUp.defer(() => client.close());
    let lost = 0;
    client.on('connectionClosed', () => lost++);
    await client.db('sonixy_chat').collection('rows').insertOne({});

    const second = await set.mountCertificate(authority, { hours: 2 });
    await becomesServed(second, authority);

    expect(pod.mongod.pid).toBe(pid);
    expect(await client.db('sonixy_chat').collection('rows').countDocuments()).toBe(1);
    expect(lost).toBe(0);
    expect(await expiryMetric()).toBe(endOf(second));
    expect(pod.sidecar.output()).not.toContain('PRIVATE KEY');
  });

  test('may come from another authority, once both were trusted', async () => {
    await pod.start();
    await pod.becomesReady();
    const next = await issueAuthority({ now: Date.now(), lifetimeMs: 36_000_000 });
    const both = authority.certificate + next.certificate;

    const old = await set.mountCertificate(authority, { trusted: both });
    await becomesServed(old, authority);
    const renewed = await set.mountCertificate(next, { trusted: both });
    await becomesServed(renewed, next);
    const alone = await set.mountCertificate(next);
    await becomesServed(alone, next);
    await pod.becomesReady();
    await expect(served(authority)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  test('is renewed where it has run out', async () => {
    await pod.start();
    await pod.becomesReady();
    await set.mountCertificate(authority, { hoursAgo: 2 });
    const why = () =>
      served(authority).then(
        () => 'a valid one is served',
        ({ code }: NodeJS.ErrnoException) => (code === 'CERT_HAS_EXPIRED' ? undefined : code),
      );
    await eventually(why, { timeoutMs: 150_000 });
    // One that knows nobody by an open connection.
    await pod.startSidecar();
    await becomesServed(await set.mountCertificate(authority), authority);
    await pod.becomesReady();
  });

  test('stays as it is while the Secret holds a certificate and a key that do not belong together', async () => {
    const good = await set.mountCertificate(authority);
    await pod.start();
    await pod.becomesReady();
    await becomesServed(good, authority);
    const foreign = await set.mountCertificate(authority);
    await writeFile(join(set.tlsFolder, 'tls.key'), good.privateKey);
    await pod.says('holds no certificate with its key');
    expect(await served(authority)).toBe(fingerprintOf(good));
    expect((await pod.readiness()).ready).toBe(true);

    await writeFile(join(set.tlsFolder, 'tls.key'), foreign.privateKey);
    await becomesServed(foreign, authority);
  });
});
