import { ApiObject, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { ports } from '../../addresses.ts';
import { labelsOf, selectorOf } from '../../metadata.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { configHash } from '../../pod/config-hash.ts';
import { memoryMiOf } from '../../pod/resources.ts';
import { ownStore } from '../external-store.ts';
import { usesTls } from '../store-hosts.ts';
import { redisConf } from './redis-conf.ts';
import { redisPod } from './redis-pod.ts';

const component = 'redis';

/** The backplane: one instance without persistence. While it is away sockets stay, and gaps are repaired when it is back. */
export class Redis extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, component);
    const metadata = { name: component, labels: { ...labelsOf(component) } };
    const tls = usesTls(platform);
    const memoryMi = memoryMiOf(ownStore(platform, 'redis').resources);
    const data = { 'redis.conf': redisConf({ tls, port: ports.redis, memoryMi }) };
    new k8s.KubeServiceAccount(this, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeConfigMap(this, 'config', { metadata, data });
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: {
        type: 'ClusterIP',
        selector: { ...selectorOf(component) },
        ports: [{ name: 'redis', port: ports.redis, protocol: 'TCP', targetPort: k8s.IntOrString.fromString('redis') }],
      },
    });
    const pod = redisPod(platform);
    // Of its plain form: the class drops what its types lack, patched or not.
    const manifest = k8s.KubeDeployment.manifest({
      metadata,
      spec: {
        replicas: 1,
        revisionHistoryLimit: 5,
        selector: { matchLabels: { ...selectorOf(component) } },
        // Two at once would split the subscribers.
        strategy: { type: 'Recreate' },
        template: { metadata: { labels: { ...labelsOf(component) }, annotations: configHash(data) }, spec: pod },
      },
    });
    const deployment = new ApiObject(this, 'deployment', manifest);
    const sidecar = (pod.initContainers ?? []).findIndex(({ name }) => name === 'sidecar');
    if (sidecar < 0) return;
    deployment.addJsonPatch(JsonPatch.add(`/spec/template/spec/initContainers/${sidecar}/restartPolicy`, 'Always'));
  }
}
