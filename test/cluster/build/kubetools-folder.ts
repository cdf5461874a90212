import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../dev-env/cache-folder.ts';

export const kubetoolsSources = join(import.meta.dirname, '../kubetools');

/** What `go build` is given besides the place of its output. Other flags would compile everything again. */
export function buildFlags(): string[] {
  const kubernetes = versionOf('k8s.io/kubernetes');
  const [major = '', minor = ''] = kubernetes.slice(1).split('.');
  const versions = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((module) => [
    `-X ${module}.gitVersion=${kubernetes}`,
    `-X ${module}.gitMajor=${major}`,
    `-X ${module}.gitMinor=${minor}`,
    `-X ${module}.gitTreeState=clean`,
    `-X ${module}.gitCommit=unknown`,
  ]);
  const helm = `-X helm.sh/helm/v4/internal/version.version=${versionOf('helm.sh/helm/v4')}`;
  // -l (no inlining) saves three CPU-minutes of nineteen.
  return [
    ...['-trimpath', '-buildvcs=false', '-gcflags=all=-l'],
    ...['-ldflags', ['-s -w', ...versions, helm].join(' ')],
  ];
}

/** Where the build of these very sources lies, or will lie: `kubetools` and links to it by the names of its parts. */
export function kubetoolsFolder(): string {
  const hash = createHash('sha256').update(`${process.arch}\0${buildFlags().join('\0')}\0`);
  for (const file of readdirSync(kubetoolsSources).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(kubetoolsSources, file)));
  }
  return join(cacheFolder(), `kubetools-${hash.digest('hex').slice(0, 16)}`);
}

/** Of Kubernetes, as go.mod has it: `v1.36.3`. */
export function kubernetesVersion(): string {
  return versionOf('k8s.io/kubernetes');
}

function versionOf(module: string): string {
  const line = readFileSync(join(kubetoolsSources, 'go.mod'), 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`\t${module} v`));
  if (line === undefined) throw new Error(`go.mod names no ${module}`);
  return line.trim().split(' ')[1] ?? '';
}
