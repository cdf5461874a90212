import { execFile } from 'node:child_process';
import type { PlatformProps } from '../platform-props.ts';
import type { Facts, Node, StorageClass } from './facts.ts';

/** Runs kubectl, which knows how this person is let in. `input` goes to its standard input. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<KubectlOutcome>;
export type KubectlOutcome = { readonly code: number; readonly out: string; readonly error: string };

/** `context` as kubectl's own options: `--kubeconfig`, `--context`. */
export function kubectlOf(command: string, context: readonly string[] = []): Kubectl {
  return (args, input = '') =>
    new Promise((resolve, reject) => {
      const child = execFile(command, [...context, ...args], { maxBuffer: 64 * 1024 * 1024 }, (failure, out, error) => {
        if (failure && typeof failure.code !== 'number')
          reject(new Error(`${command} does not run: ${failure.message}`));
        else resolve({ code: Number(failure?.code ?? 0), out, error });
      });
      child.stdin?.end(input);
    });
}

type Listed<T> = { readonly items: readonly T[] };
type Meta = {
  readonly name: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
};
type WireNode = { metadata: Meta };
type WireClass = { metadata: Meta; allowVolumeExpansion?: boolean };

const isDefaultClass = 'storageclass.kubernetes.io/is-default-class';
const askedApis = [
  'metrics.k8s.io/v1beta1',
  'custom.metrics.k8s.io/v1beta1',
  'custom.metrics.k8s.io/v1beta2',
  'cert-manager.io/v1',
  'gateway.networking.k8s.io/v1',
  'monitoring.coreos.com/v1',
];

/** Reads only; what it makes is a dry run. @throws Error when the cluster does not answer */
export async function lookAt(
  kubectl: Kubectl,
  { namespace, tokens }: Pick<PlatformProps, 'namespace' | 'tokens'>,
): Promise<Facts> {
  const version = await kubectl(['get', '--raw', '/version']);
  if (version.code !== 0) throw new Error(`the cluster does not answer: ${version.error.trim()}`);
  const { major, minor } = JSON.parse(version.out) as { major: string; minor: string };
  const read = async <T>(path: string): Promise<T | undefined> => {
    const { code, out } = await kubectl(['get', '--raw', path]);
    return code === 0 ? (JSON.parse(out) as T) : undefined;
  };
  const classes = await read<Listed<WireClass>>('/apis/storage.k8s.io/v1/storageclasses');
  const nodes = await read<Listed<WireNode>>('/api/v1/nodes');
  const sets = await read<Listed<{ metadata: Meta }>>('/apis/apps/v1/daemonsets');
  const hasNamespace = (await read(`/api/v1/namespaces/${namespace}`)) !== undefined;
  const apis = new Set<string>();
  for (const api of askedApis) if (await read(`/apis/${api}`)) apis.add(api);
  return {
    version: `${major}.${Number.parseInt(minor, 10)}`,
    storageClasses: classes?.items.map(toClass),
    hasNamespace,
    enforcesPodSecurity: hasNamespace ? await refusesPrivileged(kubectl, namespace) : undefined,
    apis,
    nodes: nodes?.items.map(toNode),
    daemonSets: sets?.items.map(({ metadata }) => metadata.name),
    tokenKeys: await tokenKeys(kubectl, namespace, tokens.hs256Secret?.name),
  };
}

async function refusesPrivileged(kubectl: Kubectl, namespace: string): Promise<boolean | undefined> {
  const container = { name: 'none', image: 'none.invalid/none', securityContext: { privileged: true } };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'sonixy-preflight', namespace },
    spec: { containers: [container], automountServiceAccountToken: false },
  };
  const { code, error } = await kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod));
  if (code === 0) return false;
  return error.includes('violates PodSecurity') ? true : undefined;
}

/** Names of keys only: the values never leave kubectl. */
async function tokenKeys(
  kubectl: Kubectl,
  namespace: string,
  secret: string | undefined,
): Promise<string[] | undefined> {
  if (secret === undefined) return undefined;
  const template = '{{range $key, $_ := .data}}{{$key}}{{"\\n"}}{{end}}';
  const { code, out } = await kubectl(['-n', namespace, 'get', 'secret', secret, '-o', `go-template=${template}`]);
  return code === 0 ? out.split('\n').filter((key) => key !== '') : undefined;
}

function toClass({ metadata: { name, annotations = {} }, allowVolumeExpansion = false }: WireClass): StorageClass {
  return { name, isDefault: annotations[isDefaultClass] === 'true', expands: allowVolumeExpansion };
}

function toNode({ metadata: { labels = {} } }: WireNode): Node {
  return { zone: labels['topology.kubernetes.io/zone'] };
}
