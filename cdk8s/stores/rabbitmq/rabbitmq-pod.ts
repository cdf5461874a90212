import { k8s } from 'cdk8s-plus-27';
import type { RenderSetting } from '#services/bootstrap/render-config.ts';
import { exchanges } from '#shared/contract/names.ts';
import { certificateKeys, certificateSecrets } from '#shared/contract/secrets.ts';
import { ports } from '../../addresses.ts';
import { ownImage, storeImage } from '../../images.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { environmentOf } from '../../pod/environment.ts';
import { configFiles, type Mount, scratch, secretFiles } from '../../pod/mounts.ts';
import { pullSecretsOf } from '../../pod/pull-secrets.ts';
import { resourcesOf } from '../../pod/resources.ts';
import { containerSecurity, podSecurity } from '../../pod/security.ts';
import { spreadOf } from '../../pod/spread.ts';
import { secrets } from '../../secrets.ts';
import { ownStore } from '../external-store.ts';
import { dataVolume } from '../store-claims.ts';
import { rabbitmqNodesService, usesTls } from '../store-hosts.ts';
import { rabbitmqFolders } from './rabbitmq-conf.ts';

const component = 'rabbitmq';
/** Of the image's own user. */
const uid = 999;
const passwordsFolder = '/var/run/secrets/sonixy/rabbitmq';
const publisherFolder = '/var/run/secrets/sonixy/publisher';
/** Bounded: when all nodes go at once nobody else comes online. */
const quorumWaitSeconds = 100;

const mi = (size: number) => ({ sizeLimit: k8s.Quantity.fromString(`${size}Mi`) });

export function rabbitmqPod(platform: PlatformProps, { plain }: { readonly plain: boolean }): k8s.PodSpec {
  const tls = usesTls(platform);
  const home = scratch('home', rabbitmqFolders.home, mi(64));
  const definitions = scratch('definitions', rabbitmqFolders.definitions, { medium: 'Memory', ...mi(1) });
  const passwords = secretFiles(secrets.rabbitmq.name, Object.values(secrets.rabbitmq.keys), passwordsFolder);
  const publisher = secretFiles(secrets.publisher.name, [secrets.publisher.keys.password], publisherFolder);
  const certificates: Mount[] = tls
    ? [secretFiles(certificateSecrets.rabbitmq, Object.values(certificateKeys), rabbitmqFolders.tls)]
    : [];
  const served = [
    configFiles(component, rabbitmqFolders.config),
    definitions,
    home,
    scratch('log', rabbitmqFolders.log, mi(64)),
    scratch('tmp', '/tmp', mi(64)),
    ...certificates,
  ];
  return {
    serviceAccountName: component,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(platform.userIds ?? 'fixed', uid),
    terminationGracePeriodSeconds: quorumWaitSeconds + 80,
    ...spreadOf(component, platform.spread ?? 'soft'),
    ...pullSecretsOf(platform),
    initContainers: [
      {
        name: 'definitions',
        ...ownImage(platform.images, 'bootstrap'),
        args: ['rabbitmq-definitions'],
        env: environmentOf<RenderSetting>({
          PASSWORDS_FOLDER: passwordsFolder,
          PUBLISHER_FOLDER: publisherFolder,
          RABBITMQ_DEFINITIONS_FILE: `${rabbitmqFolders.definitions}/definitions.json`,
          RABBITMQ_COOKIE_FILE: `${rabbitmqFolders.home}/.erlang.cookie`,
        }),
        resources: resourcesOf({ cpu: '50m', memory: '96Mi' }),
        securityContext: containerSecurity,
        volumeMounts: [passwords, publisher, definitions, home].map(({ mount }) => mount),
      },
    ],
    containers: [rabbitmqContainer(platform, { plain, mounts: served })],
    volumes: [passwords, publisher, ...served].map(({ volume }) => volume),
  };
}

function rabbitmqContainer(
  platform: PlatformProps,
  { plain, mounts }: { readonly plain: boolean; readonly mounts: readonly Mount[] },
): k8s.Container {
  const tls = usesTls(platform);
  const { replicas, resources } = ownStore(platform, 'rabbitmq');
  const listening = { tcpSocket: { port: k8s.IntOrString.fromString(tls ? 'amqps' : 'amqp') } };
  const port = (name: string, containerPort: number): k8s.ContainerPort => ({ name, containerPort, protocol: 'TCP' });
  return {
    name: component,
    ...storeImage(platform.images, component),
    ports: [
      ...(tls ? [port('amqps', ports.amqps)] : []),
      ...(plain ? [port('amqp', ports.amqp)] : []),
      port('metrics', tls ? 15691 : 15692),
    ],
    env: environmentOf({
      POD_NAME: { field: 'metadata.name' },
      POD_NAMESPACE: { field: 'metadata.namespace' },
      RABBITMQ_NODENAME: `rabbit@$(POD_NAME).${rabbitmqNodesService}.$(POD_NAMESPACE).svc.cluster.local`,
      RABBITMQ_USE_LONGNAME: true,
    }),
    resources: resourcesOf(resources),
    securityContext: containerSecurity,
    // No liveness: a node that waits for its peers is alive, and to kill it would make it worse.
    startupProbe: { exec: { command: topologyIsThere }, periodSeconds: 10, failureThreshold: 60, timeoutSeconds: 30 },
    readinessProbe: { ...listening, periodSeconds: 10, failureThreshold: 2, timeoutSeconds: 5 },
    ...(replicas > 1 ? { lifecycle: { preStop: { exec: { command: quorumWait } } } } : {}),
    volumeMounts: [...mounts.map(({ mount }) => mount), { name: dataVolume, mountPath: rabbitmqFolders.data }],
  };
}

/**
 * A node listens before its definitions are in, and what is published meanwhile meets no queue: the broker confirms it and
 * throws it away. Asked until it is true once, since each question takes a second of CPU.
 */
const topologyIsThere = [
  'sh',
  '-c',
  `rabbitmqctl -q list_bindings source_name destination_name | grep -q '^${exchanges.userInteraction}\\s'`,
];

/** No node goes while it is one that a queue can not do without. Its failure is no reason to stay: TERM follows anyway. */
const quorumWait = [
  'sh',
  '-c',
  `rabbitmq-upgrade await_online_quorum_plus_one -t ${quorumWaitSeconds} && rabbitmq-upgrade drain || true`,
];
