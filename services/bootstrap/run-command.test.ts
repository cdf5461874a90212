import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '#test/dev-env/free-port.ts';
import { eventually } from '#test/eventually.ts';
import { issueAuthority, issueServer } from './certificates/x509-issuer.ts';
import { runBootstrap, startBootstrap } from './on-cluster.fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sonixy-account-'));
  for (const file of ['token', 'ca.crt', 'namespace']) writeFileSync(join(folder, file), 'realtime');
});
afterEach(() => rmSync(folder, { recursive: true }));

const settings = () => ({
  KUBERNETES_SERVICE_HOST: '127.0.0.1',
  KUBERNETES_CREDENTIALS_DIR: folder,
  RABBITMQ_CLAIMS: 'data-rabbitmq-0',
  MONGODB_CLAIMS: 'data-mongodb-0',
});

describe('the bootstrap program', () => {
  test('names its commands when there is no such', async () => {
    const { code, output } = await runBootstrap('nothing', {});
    expect(code).toBe(78);
    expect(output).toMatch(/no such command: there are secrets, certificates/);
  });

  test('tells all faults of its settings', async () => {
    const env = { MONGODB_NAMES: 'a b', CERTIFICATE_SECONDS: '600', AUTHORITY_SECONDS: '1200' };
    const { code, output } = await runBootstrap('certificates', env);
    expect(code).toBe(78);
    expect(output.trim().split('\n')).toEqual([
      'bootstrap certificates: KUBERNETES_SERVICE_HOST is required',
      expect.stringMatching(/KUBERNETES_CREDENTIALS_DIR: no service account's token is mounted at .* \(ENOENT\)/),
      'bootstrap certificates: MONGODB_NAMES must hold DNS names, got a b',
      'bootstrap certificates: AUTHORITY_SECONDS must be at least three times TRUST_SECONDS and CERTIFICATE_SECONDS together',
      'bootstrap certificates: CERTIFICATE_SECONDS must be at least six times SETTLE_SECONDS',
    ]);
  });

  test('has no certificates to make where no store is named', async () => {
    const { code, output } = await runBootstrap('certificates', settings());
    expect([code, output]).toEqual([
      78,
      'bootstrap certificates: one of RABBITMQ_NAMES, MONGODB_NAMES, REDIS_NAMES is required\n',
    ]);
  });

  test('waits for an API server that does not answer, and says in the end why', async () => {
    const port = String(await freePort());
    const env = { ...settings(), KUBERNETES_SERVICE_PORT: port, KUBERNETES_WAIT_SECONDS: '1' };
    const { code, output } = await runBootstrap('secrets', env);
    expect(code).toBe(1);
    expect(output).toMatch(/"reason":"GET .*: no answer from https:\/\/127.0.0.1:\d+: .*ECONNREFUSED/);
    expect(output).toMatch(/bootstrap secrets: the Kubernetes API did not let this end within 1 s: GET .*ECONNREFUSED/);
  });

  test('gives its token to nobody whose certificate is not signed by the CA that is mounted', async () => {
    const day = 86_400_000;
    const [real, other] = await Promise.all([1, 2].map(() => issueAuthority({ now: Date.now(), lifetimeMs: day })));
    if (!real || !other) throw new Error('both are there');
    writeFileSync(join(folder, 'token'), 'canary-token');
    const answered = async (trusted: string) => {
      const pair = await issueServer(real, ['localhost'], { now: Date.now(), lifetimeMs: day });
      const seen: string[] = [];
      const server = createServer({ cert: pair.certificate, key: pair.privateKey }, (request, response) => {
        seen.push(request.headers.authorization ?? '');
        response.writeHead(422).end('{"message":"no"}');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      writeFileSync(join(folder, 'ca.crt'), trusted);
      const port = String((server.address() as AddressInfo).port);
      const env = { ...settings(), KUBERNETES_SERVICE_HOST: 'localhost', KUBERNETES_SERVICE_PORT: port };
      const { output } = await runBootstrap('secrets', { ...env, KUBERNETES_WAIT_SECONDS: '0' });
      server.close();
      expect(output).not.toContain('canary-token');
      return seen;
    };
    expect(await answered(real.certificate)).toContain('Bearer canary-token');
    expect(await answered(other.certificate)).toEqual([]);
  });

  test('ends at SIGTERM while it waits', async () => {
    const env = { ...settings(), KUBERNETES_SERVICE_PORT: String(await freePort()) };
    const child = await startBootstrap('secrets', env);
    await eventually(() => (child.output().includes('waiting for') ? undefined : 'it does not wait yet'));
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 1, signal: null });
  });
});
