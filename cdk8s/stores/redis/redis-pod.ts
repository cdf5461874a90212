import { k8s } from 'cdk8s-plus-27';
import type { RenderSetting } from '#services/bootstrap/render-config.ts';
import { certificateKeys, certificateSecrets } from '#shared/contract/secrets.ts';
import { ports } from '../../addresses.ts';
import { ownImage, storeImage } from '../../images.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { environmentOf } from '../../pod/environment.ts';
import { configFiles, scratch, secretFiles } from '../../pod/mounts.ts';
import { pullSecretsOf } from '../../pod/pull-secrets.ts';
import { resourcesOf } from '../../pod/resources.ts';
import { containerSecurity, podSecurity } from '../../pod/security.ts';
import { secrets } from '../../secrets.ts';
import { ownStore } from '../external-store.ts';
import { usesTls } from '../store-hosts.ts';
import { redisFolders } from './redis-conf.ts';
import { redisSidecar, redisSidecarFolder, redisSidecarPasswordFile } from './redis-sidecar.ts';

const component = 'redis';
/** Of the image's own user, and of the sidecar. */
const uid = 999;
const passwordsFolder = '/var/run/secrets/sonixy/redis';
const inMemory = { medium: 'Memory' as const, sizeLimit: k8s.Quantity.fromString('1Mi') };

export function redisPod(platform: PlatformProps): k8s.PodSpec {
  const config = configFiles(component, redisFolders.config);
  const acl = scratch('acl', redisFolders.acl, inMemory);
  const data = scratch('data', redisFolders.data, { sizeLimit: k8s.Quantity.fromString('16Mi') });
  const passwords = secretFiles(secrets.redis.name, Object.values(secrets.redis.keys), passwordsFolder);
  const certificate = secretFiles(certificateSecrets.redis, Object.values(certificateKeys), redisFolders.tls);
  const sidecarPassword = scratch('sidecar-password', redisSidecarFolder, inMemory);
  const tls = usesTls(platform) ? { certificate, sidecarPassword } : undefined;
  const served = [config, acl, data, ...(tls ? [certificate] : [])];
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
          ...(tls ? { REDIS_SIDECAR_PASSWORD_FILE: redisSidecarPasswordFile } : {}),
        }),
        resources: resourcesOf({ cpu: '50m', memory: '96Mi' }),
        securityContext: containerSecurity,
        volumeMounts: [passwords, acl, ...(tls ? [sidecarPassword] : [])].map(({ mount }) => mount),
      },
      ...(tls ? [redisSidecar(platform, tls)] : []),
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
    volumes: [passwords, ...served, ...(tls ? [sidecarPassword] : [])].map(({ volume }) => volume),
  };
}
