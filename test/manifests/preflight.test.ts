import { expect, it } from 'vitest';
import { describeOnCluster, type OnCluster } from '#test/cluster/use-cluster.ts';
import { dev } from '../../cdk8s/environments/dev.ts';
import { findingsOf } from '../../cdk8s/preflight/findings.ts';
import { kubectlOf, lookAt } from '../../cdk8s/preflight/look.ts';
import { supportedVersions } from '../../cdk8s/supported-versions.ts';

const kubectl = ({ cluster: { address } }: OnCluster) =>
  kubectlOf(address.kubectl, ['--kubeconfig', address.kubeconfig]);
const platformIn = ({ cluster: { namespace } }: OnCluster) => ({ ...dev, namespace });

describeOnCluster(
  'the preflight, in a namespace that enforces restricted',
  (on) => {
    it('sees version, storage, nodes and Pod Security, and what is missing until it is there', async () => {
      const facts = await lookAt(kubectl(on), platformIn(on));
      expect(facts).toMatchObject({ hasNamespace: true, enforcesPodSecurity: true, tokenKeys: undefined });
      const minor = (version: string) => Number(version.split('.')[1]);
      expect(minor(facts.version)).toBeGreaterThanOrEqual(minor(supportedVersions.oldest));
      expect(facts.storageClasses?.some(({ isDefault }) => isDefault)).toBe(true);
      expect(facts.nodes?.length).toBeGreaterThan(0);
      const lacks = findingsOf(facts, platformIn(on)).filter(({ level }) => level === 'error');
      expect(lacks.map(({ todo }) => todo)).toEqual([
        `kubectl -n ${on.cluster.namespace} create secret generic sonixy-tokens --from-file=hs256-secret=FILE`,
      ]);

      await on.cluster.kubectl('create', 'secret', 'generic', 'sonixy-tokens', '--from-literal=hs256-secret=x');
      const later = await lookAt(kubectl(on), platformIn(on));
      expect(later.tokenKeys).toEqual(['hs256-secret']);
      expect(findingsOf(later, platformIn(on)).filter(({ level }) => level === 'error')).toEqual([]);
    });

    it('sees a namespace that is not there', async () => {
      const facts = await lookAt(kubectl(on), { ...dev, namespace: 'nobody-made-it' });
      expect(facts).toMatchObject({ hasNamespace: false, enforcesPodSecurity: undefined });
    });
  },
  { 'pod-security.kubernetes.io/enforce': 'restricted' },
);

describeOnCluster('the preflight, in a namespace that enforces nothing', (on) => {
  it('sees that privileged pods are let in', async () => {
    expect(await lookAt(kubectl(on), platformIn(on))).toMatchObject({ enforcesPodSecurity: false });
  });
});

it('the preflight says so when no cluster answers', async () => {
  const nowhere: Parameters<typeof lookAt>[0] = async () => ({ code: 1, out: '', error: 'connection refused\n' });
  await expect(lookAt(nowhere, dev)).rejects.toThrow('the cluster does not answer: connection refused');
});
