import { ApiObject, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { ports } from '../../addresses.ts';
import { labelsOf, selectorOf } from '../../metadata.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { disruptionBudget } from '../../services/disruption-budget.ts';
import { ownStore } from '../external-store.ts';
import { dataClaim } from '../store-claims.ts';
import { mongodbPod } from './mongodb-pod.ts';

const component = 'mongodb';

/**
 * A replica set of one member or three, initiated and kept by a sidecar of ours. It can grow from one to three, and not
 * shrink.
 */
export class Mongodb extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, component);
    const { replicas } = ownStore(platform, 'mongodb');
    const metadata = { name: component, labels: { ...labelsOf(component) } };
    new k8s.KubeServiceAccount(this, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: {
        clusterIp: 'None',
        // Members find each other before they are ready; clients go to each of them by its own name.
        publishNotReadyAddresses: true,
        selector: { ...selectorOf(component) },
        ports: [
          {
            name: 'mongodb',
            port: ports.mongodb,
            protocol: 'TCP',
            targetPort: k8s.IntOrString.fromNumber(ports.mongodb),
          },
        ],
      },
    });
    const pod = mongodbPod(platform);
    // Of its plain form: the class drops what its types lack, patched or not.
    const manifest = k8s.KubeStatefulSet.manifest({
      metadata,
      spec: {
        replicas,
        serviceName: component,
        podManagementPolicy: 'Parallel',
        minReadySeconds: 10,
        revisionHistoryLimit: 5,
        selector: { matchLabels: { ...selectorOf(component) } },
        template: { metadata: { labels: { ...labelsOf(component) } }, spec: pod },
        volumeClaimTemplates: [dataClaim(component, ownStore(platform, component))],
      },
    });
    const members = new ApiObject(this, 'members', manifest);
    const sidecar = (pod.initContainers ?? []).findIndex(({ name }) => name === 'sidecar');
    members.addJsonPatch(JsonPatch.add(`/spec/template/spec/initContainers/${sidecar}/restartPolicy`, 'Always'));
    if (replicas > 1) disruptionBudget(this, component);
  }
}
