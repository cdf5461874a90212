import { k8s } from 'cdk8s-plus-27';
import type { RenderSetting } from '#services/bootstrap/render-config.ts';
import { certificateKeys, certificateSecrets } from '#shared/contract/secrets.ts';
import { ports } from '../../addresses.ts';
import { ownImage, storeImage } from '../../images.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { environmentOf } from '../../pod/environment.ts';
import { type Mount, scratch, secretFiles } from '../../pod/mounts.ts';
import { pullSecretsOf } from '../../pod/pull-secrets.ts';
import { memoryMiOf, resourcesOf } from '../../pod/resources.ts';
import { containerSecurity, podSecurity } from '../../pod/security.ts';
import { spreadOf } from '../../pod/spread.ts';
import { secrets } from '../../secrets.ts';
import { ownStore } from '../external-store.ts';
import { dataVolume } from '../store-claims.ts';
import { usesTls } from '../store-hosts.ts';
import { mongodArguments, mongodbFolders, mongodbKeyFile } from './mongod-arguments.ts';
import { mongodbSidecar } from './mongodb-sidecar.ts';

const component = 'mongodb';
/** Of the image's own user, and of the sidecar: mongod reads what it writes. */
const uid = 999;
const passwordsFolder = '/var/run/secrets/sonixy/mongodb';
/** Of SIGTERM a primary steps down (15 s at most), then lets operations end (15 s), then writes what is in its cache. */
const graceSeconds = 90;

const inMemory = { medium: 'Memory' as const, sizeLimit: k8s.Quantity.fromString('1Mi') };

export function mongodbPod(platform: PlatformProps): k8s.PodSpec {
  const passwords = secretFiles(secrets.mongodb.name, Object.values(secrets.mongodb.keys), passwordsFolder);
  const key = scratch('key', mongodbFolders.key, inMemory);
  const tmp = scratch('tmp', '/tmp', { sizeLimit: k8s.Quantity.fromString('64Mi') });
  const certificates: Mount[] = usesTls(platform)
    ? [
        secretFiles(certificateSecrets.mongodb, Object.values(certificateKeys), mongodbFolders.tls),
        scratch('pem', mongodbFolders.pem, inMemory),
      ]
    : [];
  return {
    serviceAccountName: component,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(platform.userIds ?? 'fixed', uid),
    terminationGracePeriodSeconds: graceSeconds,
    ...spreadOf(component, platform.spread ?? 'soft'),
    ...pullSecretsOf(platform),
    initContainers: [
      {
        name: 'key-file',
        ...ownImage(platform.images, 'bootstrap'),
        args: ['mongodb-key-file'],
        env: environmentOf<RenderSetting>({ PASSWORDS_FOLDER: passwordsFolder, MONGODB_KEY_FILE: mongodbKeyFile }),
        resources: resourcesOf({ cpu: '50m', memory: '96Mi' }),
        securityContext: containerSecurity,
        volumeMounts: [passwords, key].map(({ mount }) => mount),
      },
      mongodbSidecar(platform, { passwordsFolder, mounts: [passwords, ...certificates] }),
    ],
    containers: [mongod(platform, [key, tmp, ...certificates])],
    volumes: [passwords, key, tmp, ...certificates].map(({ volume }) => volume),
  };
}

function mongod(platform: PlatformProps, mounts: readonly Mount[]): k8s.Container {
  const { resources } = ownStore(platform, 'mongodb');
  const listening = { tcpSocket: { port: k8s.IntOrString.fromString('mongodb') } };
  return {
    name: component,
    ...storeImage(platform.images, component),
    args: mongodArguments({ tls: usesTls(platform), memoryMi: memoryMiOf(resources) }),
    ports: [{ name: 'mongodb', containerPort: ports.mongodb, protocol: 'TCP' }],
    resources: resourcesOf(resources),
    securityContext: containerSecurity,
    // It listens only when it has recovered from a crash, which a large journal makes long.
    startupProbe: { ...listening, periodSeconds: 5, failureThreshold: 720, timeoutSeconds: 5 },
    livenessProbe: { ...listening, periodSeconds: 20, failureThreshold: 9, timeoutSeconds: 10 },
    // Whether it serves, the sidecar says.
    readinessProbe: { ...listening, periodSeconds: 10, failureThreshold: 2, timeoutSeconds: 5 },
    volumeMounts: [...mounts.map(({ mount }) => mount), { name: dataVolume, mountPath: mongodbFolders.data }],
  };
}
