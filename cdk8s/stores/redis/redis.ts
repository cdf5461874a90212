import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { RenderSetting } from '#services/bootstrap/render-config.ts';
import { certificateKeys, certificateSecrets } from '#shared/contract/secrets.ts';
import { ports } from '../../addresses.ts';
import { ownImage, storeImage } from '../../images.ts';
import { labelsOf, selectorOf } from '../../metadata.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { configHash } from '../../pod/config-hash.ts';
import { environmentOf } from '../../pod/environment.ts';
import { configFiles, type Mount, scratch, secretFiles } from '../../pod/mounts.ts';
import { pullSecretsOf } from '../../pod/pull-secrets.ts';
import { memoryMiOf, resourcesOf } from '../../pod/resources.ts';
import { containerSecurity, podSecurity } from '../../pod/security.ts';
import { secrets } from '../../secrets.ts';
import { ownStore } from '../external-store.ts';
import { usesTls } from '../store-hosts.ts';
import { redisConf, redisFolders } from './redis-conf.ts';

const component = 'redis';
/** Of the image's own user. */
const uid = 999;
const passwordsFolder = '/var/run/secrets/sonixy/redis';

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
    new k8s.KubeDeployment(this, 'deployment', {
      metadata,
      spec: {
        replicas: 1,
        revisionHistoryLimit: 5,
        selector: { matchLabels: { ...selectorOf(component) } },
        // Two at once would split the subscribers.
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels: { ...labelsOf(component) }, annotations: configHash(data) },
          spec: podSpec(platform),
        },
      },
    });
  }
}

function podSpec(platform: PlatformProps): k8s.PodSpec {
  const config = configFiles(component, redisFolders.config);
  const acl = scratch('acl', redisFolders.acl, { medium: 'Memory', sizeLimit: k8s.Quantity.fromString('1Mi') });
  const data = scratch('data', redisFolders.data, { sizeLimit: k8s.Quantity.fromString('16Mi') });
  const passwords = secretFiles(secrets.redis.name, Object.values(secrets.redis.keys), passwordsFolder);
  const tls: Mount[] = usesTls(platform)
    ? [secretFiles(certificateSecrets.redis, Object.values(certificateKeys), redisFolders.tls)]
    : [];
  const served = [config, acl, data, ...tls];
  const probe = { tcpSocket: { port: k8s.IntOrString.fromString('redis') } };
  return {
    serviceAccountName: component,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(platform.userIds ?? 'fixed', uid),
    terminationGracePeriodSeconds: 10,
    ...pullSecretsOf(platform),
    initContainers: [
      {
        name: 'users',
        ...ownImage(platform.images, 'bootstrap'),
        args: ['redis-acl'],
        env: environmentOf<RenderSetting>({
          PASSWORDS_FOLDER: passwordsFolder,
          REDIS_ACL_FILE: `${redisFolders.acl}/users.acl`,
        }),
        resources: resourcesOf({ cpu: '50m', memory: '96Mi' }),
        securityContext: containerSecurity,
        volumeMounts: [passwords.mount, acl.mount],
      },
    ],
    containers: [
      {
        name: component,
        ...storeImage(platform.images, 'redis'),
        args: ['redis-server', `${redisFolders.config}/redis.conf`],
        ports: [{ name: 'redis', containerPort: ports.redis, protocol: 'TCP' }],
        resources: resourcesOf(ownStore(platform, 'redis').resources),
        securityContext: containerSecurity,
        startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
        livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
        readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 2, timeoutSeconds: 2 },
        volumeMounts: served.map(({ mount }) => mount),
      },
    ],
    volumes: [passwords, ...served].map(({ volume }) => volume),
  };
}
