import { k8s } from 'cdk8s-plus-27';
import type { RedisSidecarSetting } from '#services/redis-sidecar/config.ts';
import { ports } from '../../addresses.ts';
import { ownImage } from '../../images.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { environmentOf } from '../../pod/environment.ts';
import type { Mount } from '../../pod/mounts.ts';
import { resourcesOf } from '../../pod/resources.ts';
import { containerSecurity } from '../../pod/security.ts';
import { opsPort } from '../../services/service-workload.ts';
import { redisFolders } from './redis-conf.ts';

export const redisSidecarFolder = '/var/run/sonixy/redis-sidecar';
/** An init container makes the sidecar's user anew in each pod, and leaves his password here. */
export const redisSidecarPasswordFile = `${redisSidecarFolder}/password`;

export type RedisSidecarProps = { readonly certificate: Mount; readonly sidecarPassword: Mount };

/**
 * Has Redis load its renewed certificate, which it does only when it is told. It is ready while it runs: whether Redis serves
 * does not hang on it. `restartPolicy: Always`, which the types of 1.27 lack, is patched in by `Redis`.
 */
export function redisSidecar(
  platform: PlatformProps,
  { certificate, sidecarPassword }: RedisSidecarProps,
): k8s.Container {
  const probe = (path: string) => ({ httpGet: { path, port: k8s.IntOrString.fromString('ops') } });
  return {
    name: 'sidecar',
    ...ownImage(platform.images, 'redis-sidecar'),
    ports: [{ name: 'ops', containerPort: opsPort, protocol: 'TCP' }],
    env: environmentOf<RedisSidecarSetting | 'NODE_ENV' | 'LOG_LEVEL'>({
      NODE_ENV: 'production',
      LOG_LEVEL: platform.logLevel,
      OPS_PORT: opsPort,
      REDIS_PORT: ports.redis,
      TLS_FOLDER: redisFolders.tls,
      PASSWORD_FILE: redisSidecarPasswordFile,
    }),
    resources: resourcesOf({ cpu: '20m', memory: '128Mi' }),
    securityContext: containerSecurity,
    startupProbe: { ...probe('/livez'), periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
    livenessProbe: { ...probe('/livez'), periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5 },
    volumeMounts: [certificate, sidecarPassword].map(({ mount }) => mount),
  };
}
