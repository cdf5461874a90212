import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dnsNamesOf, isPair, isSignedBy } from './pem.ts';
import { issueAuthority, issueServer } from './x509-issuer.ts';

const day = 86_400_000;
const names = ['mongodb', 'mongodb-0.mongodb.sonixy-realtime.svc.cluster.local', 'localhost'];

test("a server's certificate is signed by its authority, for its names, for the asked time", async () => {
  const now = Date.UTC(2026, 10, 1, 12);
  const authority = await issueAuthority({ now, lifetimeMs: 300 * day });
  const { certificate, privateKey } = await issueServer(authority, names, { now, lifetimeMs: 90 * day });
  const [root, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(certificate)];
  expect(isSignedBy(leaf, root)).toBe(true);
  expect(isSignedBy(leaf, new X509Certificate((await issueAuthority({ now, lifetimeMs: day })).certificate))).toBe(
    false,
  );
  expect([root.ca, leaf.ca]).toEqual([true, false]);
  expect(dnsNamesOf(leaf)).toEqual(names);
  expect(leaf.validToDate.getTime()).toBe(now + 90 * day);
  expect(leaf.validFromDate.getTime()).toBe(now - 300_000);
  expect(isPair(leaf, privateKey)).toBe(true);
  expect(isPair(leaf, authority.privateKey)).toBe(false);
  expect(createPrivateKey(privateKey).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
});

test('a certificate does not outlive its authority', async () => {
  const now = Date.now();
  const authority = await issueAuthority({ now, lifetimeMs: 3 * day });
  const { certificate } = await issueServer(authority, names, { now: now + 2 * day, lifetimeMs: 90 * day });
  const [root, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(certificate)];
  expect(leaf.validToDate).toEqual(root.validToDate);
});

test('two authorities differ in name, key and serial number', async () => {
  const made = [await issueAuthority({ now: 0, lifetimeMs: day }), await issueAuthority({ now: 0, lifetimeMs: day })];
  for (const of of ['subject', 'fingerprint256', 'serialNumber'] as const) {
    expect(new Set(made.map(({ certificate }) => new X509Certificate(certificate)[of])).size).toBe(2);
  }
});

test.each(['sslserver', 'sslclient'])('OpenSSL takes it, strictly, as %s', async (purpose) => {
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-x509-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const authority = await issueAuthority({ now: Date.now(), lifetimeMs: 300 * day });
  const server = await issueServer(authority, names, { now: Date.now(), lifetimeMs: 90 * day });
  const stranger = await issueAuthority({ now: Date.now(), lifetimeMs: 300 * day });
  const file = (name: string, pem: string) => {
    writeFileSync(join(folder, name), pem);
    return join(folder, name);
  };
  const leaf = file('leaf.crt', server.certificate);
  const verify = (trusted: string) =>
    execFileSync(
      'openssl',
      [
        'verify',
        '-x509_strict',
        '-purpose',
        purpose,
        '-no-CAfile',
        '-no-CApath',
        '-no-CAstore',
        '-trusted',
        trusted,
        leaf,
      ],
      { encoding: 'utf8', stdio: 'pipe' },
    );
  expect(verify(file('ca.crt', authority.certificate))).toContain('OK');
  expect(() => verify(file('stranger.crt', stranger.certificate))).toThrow();
});
