import { k8s } from 'cdk8s-plus-27';
import type { SidecarSetting } from '#services/mongodb-sidecar/config.ts';
import { ports } from '../../addresses.ts';
import { ownImage } from '../../images.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { environmentOf } from '../../pod/environment.ts';
import type { Mount } from '../../pod/mounts.ts';
import { resourcesOf } from '../../pod/resources.ts';
import { containerSecurity } from '../../pod/security.ts';
import { opsPort } from '../../services/service-workload.ts';
import { storeHosts, usesTls } from '../store-hosts.ts';
import { mongodbFolders, mongodbPemFile, replicaSet } from './mongod-arguments.ts';

export type SidecarProps = { readonly passwordsFolder: string; readonly mounts: readonly Mount[] };

/**
 * Initiates the set, makes its users, loads renewed certificates, and says when the member serves. It runs before mongod and
 * after it: `restartPolicy: Always`, which the types of 1.27 lack, is patched in by `Mongodb`.
 */
export function mongodbSidecar(platform: PlatformProps, { passwordsFolder, mounts }: SidecarProps): k8s.Container {
  const probe = (path: string) => ({ httpGet: { path, port: k8s.IntOrString.fromString('ops') } });
  const tls = usesTls(platform) ? { TLS_FOLDER: mongodbFolders.tls, TLS_PEM_FILE: mongodbPemFile } : {};
  return {
    name: 'sidecar',
    ...ownImage(platform.images, 'mongodb-sidecar'),
    ports: [{ name: 'ops', containerPort: opsPort, protocol: 'TCP' }],
    env: environmentOf<SidecarSetting | 'NODE_ENV' | 'LOG_LEVEL' | 'POD_NAME' | 'POD_NAMESPACE'>({
      NODE_ENV: 'production',
      LOG_LEVEL: platform.logLevel,
      OPS_PORT: opsPort,
      POD_NAME: { field: 'metadata.name' },
      POD_NAMESPACE: { field: 'metadata.namespace' },
      MONGODB_PORT: ports.mongodb,
      SET_NAME: replicaSet,
      SET_MEMBERS: storeHosts.mongodb(platform).join(),
      // Sorted after those that it refers to, as it must be.
      SET_SELF: `$(POD_NAME).mongodb.$(POD_NAMESPACE).svc.cluster.local:${ports.mongodb}`,
      PASSWORDS_FOLDER: passwordsFolder,
      ...tls,
    }),
    resources: resourcesOf({ cpu: '50m', memory: '128Mi' }),
    securityContext: containerSecurity,
    // mongod starts when this one answers: by then its certificate is written.
    startupProbe: { ...probe('/livez'), periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
    livenessProbe: { ...probe('/livez'), periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5, failureThreshold: 2, timeoutSeconds: 2 },
    volumeMounts: mounts.map(({ mount }) => mount),
  };
}
