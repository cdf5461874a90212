import { type App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { partOf } from './metadata.ts';
import type { PlatformProps } from './platform-props.ts';

/** What is never deleted with the rest: with the namespace its claims and Secrets would go. */
export class NamespaceChart extends Chart {
  constructor(app: App, { namespace }: Pick<PlatformProps, 'namespace'>) {
    // Cluster-scoped: the chart has no namespace to stamp on it.
    super(app, 'namespace', { disableResourceNameHashes: true });
    const levels = Object.fromEntries(
      ['enforce', 'audit', 'warn'].flatMap((mode) => [
        [`pod-security.kubernetes.io/${mode}`, 'restricted'],
        [`pod-security.kubernetes.io/${mode}-version`, 'latest'],
      ]),
    );
    new k8s.KubeNamespace(this, 'namespace', {
      metadata: { name: namespace, labels: { 'app.kubernetes.io/part-of': partOf, ...levels } },
    });
  }
}
