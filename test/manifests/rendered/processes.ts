import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readCertificatesConfig, readSecretsConfig } from '#services/bootstrap/config.ts';
import {
  readMongodbKeyFileConfig,
  readRabbitmqDefinitionsConfig,
  readRedisAclConfig,
} from '#services/bootstrap/render-config.ts';
import { makeSecret } from '#services/bootstrap/secrets/secret-contents.ts';
import { readTopologyConfig } from '#services/bootstrap/topology-config.ts';
import { readChatConfig } from '#services/chat/config.ts';
import { readGatewayConfig } from '#services/gateway/config.ts';
import { readHubConfig } from '#services/hub/config.ts';
import { readSidecarConfig } from '#services/mongodb-sidecar/config.ts';
import { readNotificationConfig } from '#services/notification/config.ts';
import { readRedisSidecarConfig } from '#services/redis-sidecar/config.ts';
import { type SecretId, secrets, stores } from '#shared/contract/secrets.ts';
import type { Env } from '#shared/runtime/config.ts';
import type { Contained, Manifests } from './manifests.ts';
import type { WireObject } from './wire.ts';

/** What each of our programs makes of its environment: the image's name, and the command where it has several. */
const readers: Readonly<Record<string, (env: Env) => unknown>> = {
  'sonixy-gateway': readGatewayConfig,
  'sonixy-notification': readNotificationConfig,
  'sonixy-chat': readChatConfig,
  'sonixy-hub': readHubConfig,
  'sonixy-mongodb-sidecar': readSidecarConfig,
  'sonixy-redis-sidecar': readRedisSidecarConfig,
  'sonixy-bootstrap secrets': readSecretsConfig,
  'sonixy-bootstrap certificates': readCertificatesConfig,
  'sonixy-bootstrap redis-acl': readRedisAclConfig,
  'sonixy-bootstrap rabbitmq-definitions': readRabbitmqDefinitionsConfig,
  'sonixy-bootstrap rabbitmq-topology': readTopologyConfig,
  'sonixy-bootstrap mongodb-key-file': readMongodbKeyFileConfig,
};

/** `sonixy-hub`, `sonixy-bootstrap secrets`; undefined for what others make. */
export function programOf({ container: { image, args = [] } }: Contained): string | undefined {
  const name = /\/(sonixy-[a-z-]+)[:@]/.exec(image)?.[1];
  return name === 'sonixy-bootstrap' ? `${name} ${args.join(' ')}` : name;
}

/** A folder that stands for what the kubelet mounts: what the bootstrap Job makes, and what whoever installs does. */
export class MountedSecrets implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sonixy-mounted-'));

  constructor({ platform }: Manifests) {
    for (const id of Object.keys(secrets) as SecretId[]) {
      for (const [key, content] of Object.entries(makeSecret(id))) this.#write(join(secrets[id].name, key), content);
    }
    for (const store of stores) {
      const { external } = platform[store];
      if (!external) continue;
      for (const key of Object.values(secrets[store].keys)) this.#write(join(external.passwords, key), `of ${key}`);
      if (external.ca) this.#write(join(external.ca.secret, external.ca.key), 'a certificate');
    }
    const { hs256Secret } = platform.tokens;
    if (hs256Secret) this.#write(join(hs256Secret.name, hs256Secret.key), 'a key of the identity service, of 32 bytes');
    for (const file of ['namespace', 'token', 'ca.crt']) this.#write(join('account', file), file);
  }

  /**
   * The config that the container's program reads: as in the pod, with the files of its mounts. @throws ConfigError with
   * every fault; Error for a program that nobody here knows
   */
  configOf(contained: Contained): unknown {
    const program = programOf(contained) ?? '';
    const read = readers[program];
    if (!read) throw new Error(`${contained.where} runs ${program}: nobody reads its settings here`);
    return read(this.#environmentOf(contained));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #environmentOf({ container, workload }: Contained): Env {
    const env: Record<string, string> = {};
    for (const { name, value, valueFrom } of container.env ?? []) {
      const text = value ?? fieldOf(workload.object, valueFrom?.fieldRef?.fieldPath);
      const expanded = text.replace(/\$\(([\w.-]+)\)/g, (all, other: string) => env[other] ?? all);
      env[name] = name.endsWith('_FILE') ? this.#fileOf(expanded, { container, workload }) : expanded;
    }
    if (workload.template.spec.automountServiceAccountToken) {
      env['KUBERNETES_SERVICE_HOST'] = '10.0.0.1';
      env['KUBERNETES_CREDENTIALS_DIR'] = join(this.#folder, 'account');
    }
    return env;
  }

  /** Where the file of a mounted Secret is here; of what is no Secret, the path as it is. */
  #fileOf(path: string, { container, workload }: Pick<Contained, 'container' | 'workload'>): string {
    const mount = (container.volumeMounts ?? []).find(({ mountPath }) => path.startsWith(`${mountPath}/`));
    const volume = workload.template.spec.volumes?.find(({ name }) => name === mount?.name);
    const item = volume?.secret?.items?.find((it) => `${mount?.mountPath}/${it.path}` === path);
    return item ? join(this.#folder, volume?.secret?.secretName ?? '', item.key) : path;
  }

  #write(path: string, content: string): void {
    const file = join(this.#folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** Of the first pod. */
function fieldOf({ metadata }: WireObject, path = ''): string {
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': `${metadata.name}-0`,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': '11111111-2222-3333-4444-555555555555',
    'status.podIP': '10.1.2.3',
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`nobody says here what ${path || 'no field'} is of a pod`);
  return value;
}
