import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { ports } from '../../addresses.ts';
import { labelsOf, selectorOf } from '../../metadata.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { configHash } from '../../pod/config-hash.ts';
import { memoryMiOf } from '../../pod/resources.ts';
import { disruptionBudget } from '../../services/disruption-budget.ts';
import { ownStore } from '../external-store.ts';
import { dataClaim } from '../store-claims.ts';
import { rabbitmqNodesService, usesTls } from '../store-hosts.ts';
import { enabledPlugins, rabbitmqConf } from './rabbitmq-conf.ts';
import { rabbitmqPod } from './rabbitmq-pod.ts';

const component = 'rabbitmq';
/**
 * Quorum queues on one node or three. Whoever can should rather run RabbitMQ's own operator, or a hosted one: its makers
 * discourage manifests of one's own.
 */
export class Rabbitmq extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, component);
    const { replicas, resources } = ownStore(platform, 'rabbitmq');
    const metadata = { name: component, labels: { ...labelsOf(component) } };
    const tls = usesTls(platform);
    const plain = !tls || (platform.network?.plainPublishers ?? false);
    const memoryMi = memoryMiOf(resources);
    const data = {
      'rabbitmq.conf': rabbitmqConf({ tls, plain, nodes: replicas, memoryMi }),
      enabled_plugins: enabledPlugins,
    };
    new k8s.KubeServiceAccount(this, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeConfigMap(this, 'config', { metadata, data });
    const target = (name: string, port: number): k8s.ServicePort => ({
      name,
      port,
      protocol: 'TCP',
      targetPort: k8s.IntOrString.fromNumber(port),
    });
    const clients = [...(tls ? [target('amqps', ports.amqps)] : []), ...(plain ? [target('amqp', ports.amqp)] : [])];
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: { type: 'ClusterIP', selector: { ...selectorOf(component) }, ports: clients },
    });
    new k8s.KubeService(this, 'nodes', {
      metadata: { ...metadata, name: rabbitmqNodesService },
      spec: {
        clusterIp: 'None',
        // They look for each other before they are ready.
        publishNotReadyAddresses: true,
        selector: { ...selectorOf(component) },
        ports: [target('epmd', 4369), target('distribution', 25672)],
      },
    });
    new k8s.KubeStatefulSet(this, 'nodes-set', {
      metadata,
      spec: {
        replicas,
        serviceName: rabbitmqNodesService,
        podManagementPolicy: 'Parallel',
        minReadySeconds: 10,
        revisionHistoryLimit: 5,
        selector: { matchLabels: { ...selectorOf(component) } },
        template: {
          metadata: { labels: { ...labelsOf(component) }, annotations: configHash(data) },
          spec: rabbitmqPod(platform, { plain }),
        },
        volumeClaimTemplates: [dataClaim(component, ownStore(platform, component))],
      },
    });
    if (replicas > 1) disruptionBudget(this, component);
  }
}
