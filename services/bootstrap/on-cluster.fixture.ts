import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Cluster, Manifest } from '#test/cluster/client/cluster.ts';
import { ownNamespace } from '#test/cluster/use-cluster.ts';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { spawnChild } from '#test/dev-env/child.ts';
import { bootstrapObjects } from '../../cdk8s/bootstrap/bootstrap.fixture.ts';

export type Account = 'bootstrap' | 'certificates';
export type Ended = { readonly code: number | null; readonly output: string };

const main = new URL('main.ts', import.meta.url).pathname;
const accessKinds = ['ServiceAccount', 'Role', 'RoleBinding'];

/** A namespace of the test's own with the accounts and rights that are rendered, and nothing else. */
export async function installedNamespace(shared: Cluster): Promise<Cluster> {
  const cluster = await ownNamespace(shared);
  onTestFinished(() => cluster.remove('Namespace', cluster.namespace));
  for (const object of bootstrapObjects(cluster.namespace)) {
    if (accessKinds.includes(object.kind)) await cluster.apply(object as Manifest);
  }
  return cluster;
}

/** Settings by which a process outside is that account, with its real token. */
export async function settingsOf(cluster: Cluster, account: Account): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-account-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = `${await cluster.path('ServiceAccount', account)}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3_600 } };
  const { status } = await cluster.kube.must<{ status: { token: string } }>('POST', path, request);
  writeFileSync(join(folder, 'token'), status.token);
  writeFileSync(join(folder, 'ca.crt'), cluster.address.ca);
  writeFileSync(join(folder, 'namespace'), cluster.namespace);
  const { hostname, port } = new URL(cluster.address.url);
  return {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    KUBERNETES_CREDENTIALS_DIR: folder,
    RABBITMQ_CLAIMS: 'data-rabbitmq-0,data-rabbitmq-1,data-rabbitmq-2',
    MONGODB_CLAIMS: 'data-mongodb-0,data-mongodb-1,data-mongodb-2',
  };
}

/** The real program, to its end. */
export async function runBootstrap(command: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = await startBootstrap(command, env);
  const { code } = await child.exited;
  return { code, output: child.output() };
}

export function startBootstrap(command: string, env: Readonly<Record<string, string>>) {
  return spawnChild({
    command: process.execPath,
    args: [main, command],
    env: { ...bareEnvironment(), ...env },
    cwd: tmpdir(),
  });
}
