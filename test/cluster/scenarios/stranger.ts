import { bundleProgram } from '../client/bundle-program.ts';
import type { Installed } from './installed.ts';
import { applyObject, getJson, kubectl } from './kubectl.ts';

/** Another team's namespace, whose pods may publish. */
export const strangerNamespace = 'sonixy-scenarios';

const labels = { 'sonixy.io/publisher': 'true', 'pod-security.kubernetes.io/enforce': 'restricted' };
/** Within the image, so that a program finds the packages there. */
const programs = '/app/scenarios';
const endTimeoutMs = 10 * 60_000;

type Secret = { readonly data: Readonly<Record<string, string>> };
type Pod = { readonly status: { readonly phase: string; readonly reason?: string } };

/** Makes the namespace and copies what its people were given: a publisher's user, the CA, and here the key of tokens. */
export async function makeStranger({ namespace, tls }: Installed): Promise<void> {
  await applyObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: strangerNamespace, labels } });
  await copySecret(namespace, 'rabbitmq-publisher');
  await copySecret(namespace, 'sonixy-tokens');
  if (tls) await copySecret(namespace, 'rabbitmq-tls', ['ca.crt']);
}

export async function removeStranger(): Promise<void> {
  await kubectl(['delete', 'namespace', strangerNamespace, '--ignore-not-found', '--wait=false']);
}

/** @param only keys to take along. @default all */
async function copySecret(from: string, name: string, only?: readonly string[]): Promise<void> {
  const { data } = await getJson<Secret>('secret', name, `--namespace=${from}`);
  const taken = Object.fromEntries(Object.entries(data).filter(([key]) => only?.includes(key) ?? true));
  const metadata = { name, namespace: strangerNamespace };
  await applyObject({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: taken });
}

type Program = 'like' | 'chat' | 'traffic';

/**
 * Runs pods/`program`.ts to its end in a pod of that namespace, on our own image: a cluster in CI has no other. Resolves
 * with what it wrote; rejects with it when it failed.
 */
export async function runInPod(
  installed: Installed,
  program: Program,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  await startInPod(installed, program, env);
  const { phase, reason } = await ended(program);
  const output = await writtenBy(program);
  if (phase !== 'Succeeded') throw new Error(`the pod ${program} ended as ${phase} ${reason ?? ''}:\n${output}`);
  return output.trim();
}

/** The same, and does not wait for its end. */
export async function startInPod(
  installed: Installed,
  program: Program,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const file = `${program}.mjs`;
  const metadata = { name: program, namespace: strangerNamespace };
  await applyObject({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { [file]: await bundleProgram(new URL(`pods/${program}.ts`, import.meta.url)) },
  });
  await kubectl(['delete', 'pod', program, `--namespace=${strangerNamespace}`, '--ignore-not-found']);
  await applyObject({ apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec(installed, program, env) });
}

export function statusOf(program: Program): Promise<Pod['status']> {
  return getJson<Pod>('pod', program, `--namespace=${strangerNamespace}`).then(({ status }) => status);
}

export function writtenBy(program: Program): Promise<string> {
  return kubectl(['logs', program, `--namespace=${strangerNamespace}`]);
}

function podSpec({ namespace, image, tls }: Installed, program: string, env: Readonly<Record<string, string>>): object {
  const mounted = ['rabbitmq-publisher', 'sonixy-tokens', ...(tls ? ['rabbitmq-tls'] : [])];
  const all = {
    NAMESPACE: namespace,
    AMQP_SCHEME: tls ? 'amqps' : 'amqp',
    ...(tls ? { NODE_EXTRA_CA_CERTS: '/secrets/rabbitmq-tls/ca.crt' } : {}),
    ...env,
  };
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: program,
        ...image,
        command: ['node', `${programs}/${program}.mjs`],
        env: Object.entries(all).map(([name, value]) => ({ name, value })),
        resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: 'programs', mountPath: programs, readOnly: true },
          ...mounted.map((name) => ({ name, mountPath: `/secrets/${name}`, readOnly: true })),
        ],
      },
    ],
    volumes: [
      { name: 'programs', configMap: { name: program } },
      ...mounted.map((name) => ({ name, secret: { secretName: name } })),
    ],
  };
}

async function ended(program: Program): Promise<Pod['status']> {
  const deadline = Date.now() + endTimeoutMs;
  for (;;) {
    const status = await statusOf(program);
    if (status.phase === 'Succeeded' || status.phase === 'Failed') return status;
    if (Date.now() > deadline) throw new Error(`the pod ${program} is still ${status.phase}`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}
