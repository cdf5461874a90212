import { ConfigError } from '#shared/runtime/config.ts';
import { certificateFaults } from './bootstrap/certificate-faults.ts';
import type { PlatformProps, Scale, StoreProps } from './platform-props.ts';
import { type Resources, resourcesOf } from './pod/resources.ts';
import { externalFaults } from './stores/external-store.ts';

/** The autoscaler takes the next worker after ten minutes. */
const longestDrainSeconds = 500;

type Tell = (fault: string) => void;

const services = ['gateway', 'notification', 'chat', 'hub'] as const;
const stores = ['rabbitmq', 'mongodb'] as const;

/** Of a namespace, a Service, a Secret's key …: RFC 1123. */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const secretKey = /^[-._a-zA-Z0-9]{1,253}$/;
const tag = /^[\w][\w.-]{0,127}$/;
const digest = /^sha256:[0-9a-f]{64}$/;

/**
 * What types do not say of props, and people write from JSON or by hand: refused before anything is rendered.
 *
 * @throws ConfigError with every fault
 */
export function checkProps(platform: PlatformProps): void {
  const faults: string[] = [];
  const tell: Tell = (fault) => faults.push(fault);
  checkNames(platform, tell);
  checkImages(platform.images, tell);
  checkTokens(platform, tell);
  for (const name of services) {
    checkScale(name, platform[name].scale, tell);
    checkResources(name, platform[name].resources, tell);
  }
  for (const name of stores) {
    const store = platform[name];
    if (store.external) externalFaults(name, store.external).forEach(tell);
    else {
      checkStore(name, store, tell);
      checkResources(name, store.resources, tell);
    }
  }
  if (platform.redis.external) externalFaults('redis', platform.redis.external).forEach(tell);
  else checkResources('redis', platform.redis.resources, tell);
  checkHub(platform, tell);
  certificateFaults(platform).forEach(tell);
  checkNetwork(platform, tell);
  if (faults.length > 0) throw new ConfigError(faults);
}

function checkNames({ namespace, origins = [] }: PlatformProps, tell: Tell): void {
  if (!label.test(namespace)) tell(`namespace must be a DNS label (1–63 of a–z 0–9 -), got ${quote(namespace)}`);
  else if (namespace.startsWith('kube-') || namespace === 'default') {
    tell(`namespace must be one of its own: it is closed and restricted, got ${quote(namespace)}`);
  }
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      tell(`origins must be a scheme and a host as browsers send them, got ${quote(origin)}`);
    }
  }
}

function checkImages(
  { registry, tag: version, digests = {}, pullSecrets = [] }: PlatformProps['images'],
  tell: Tell,
): void {
  if (!tag.test(version) || version === 'latest') tell(`images.tag must be a version, got ${quote(version)}`);
  if (registry !== undefined && !/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/.test(registry)) {
    tell(`images.registry must be a host and path without scheme and end slash, got ${quote(registry)}`);
  }
  for (const [name, value] of Object.entries(digests)) {
    if (!digest.test(value))
      tell(`images.digests.${name} must be sha256: and 64 hexadecimal digits, got ${quote(value)}`);
  }
  for (const name of pullSecrets)
    if (!subdomain.test(name)) tell(`images.pullSecrets must be names of Secrets, got ${quote(name)}`);
}

function checkTokens({ tokens }: PlatformProps, tell: Tell): void {
  const { jwksUrl, hs256Secret } = tokens;
  if ((jwksUrl === undefined) === (hs256Secret === undefined))
    tell('tokens must name one of jwksUrl and hs256Secret, not both');
  // As the services themselves demand; a loopback address is nobody's in a pod.
  if (jwksUrl !== undefined && !(URL.canParse(jwksUrl) && new URL(jwksUrl).protocol === 'https:')) {
    tell(`tokens.jwksUrl must be an https URL, got ${quote(jwksUrl)}`);
  }
  if (hs256Secret && !subdomain.test(hs256Secret.name)) {
    tell(`tokens.hs256Secret.name must be the name of a Secret, got ${quote(hs256Secret.name)}`);
  }
  if (hs256Secret && !secretKey.test(hs256Secret.key)) {
    tell(`tokens.hs256Secret.key must be a key of it, got ${quote(hs256Secret.key)}`);
  }
}

function checkScale(name: string, scale: Scale, tell: Tell): void {
  if (!('max' in scale)) {
    if (!isCount(scale.replicas)) tell(`${name}.scale.replicas must be a whole number from 1, got ${scale.replicas}`);
    return;
  }
  const { min, max, target } = scale;
  if (!isCount(min) || !isCount(max) || max <= min)
    tell(`${name}.scale must go from min up to a larger max, got ${min} to ${max}`);
  if (!isCount(target)) tell(`${name}.scale.target must be a whole number from 1, got ${target}`);
  else if (name !== 'hub' && target > 100) tell(`${name}.scale.target is percent of the CPU request, got ${target}`);
}

function checkHub({ hub }: PlatformProps, tell: Tell): void {
  const { scale, maxConnections = 10_000, drainSeconds = 30 } = hub;
  if (!isCount(drainSeconds) || drainSeconds > longestDrainSeconds) {
    tell(`hub.drainSeconds must be a whole number from 1 to ${longestDrainSeconds}, got ${drainSeconds}`);
  }
  if (!isCount(maxConnections)) tell(`hub.maxConnections must be a whole number from 1, got ${maxConnections}`);
  // Full workers answer 503 before there are more of them.
  else if ('max' in scale && scale.target >= maxConnections) {
    tell(`hub.scale.target must be below hub.maxConnections (${maxConnections}), got ${scale.target}`);
  }
}

function checkStore(name: string, { replicas, storage, storageClass }: StoreProps, tell: Tell): void {
  if (![1, 3].includes(replicas)) tell(`${name}.replicas must be 1 or 3, a quorum of two is none, got ${replicas}`);
  if (!/^[1-9]\d*(Mi|Gi|Ti)$/.test(storage) || Number.parseInt(storage, 10) % 1_024 === 0) {
    tell(`${name}.storage must be whole Mi, Gi or Ti in its shortest form, got ${quote(storage)}`);
  }
  if (storageClass !== undefined && !subdomain.test(storageClass)) {
    tell(`${name}.storageClass must be the name of a StorageClass, got ${quote(storageClass)}`);
  }
}

function checkResources(name: string, resources: Resources, tell: Tell): void {
  try {
    resourcesOf(resources);
  } catch (error) {
    tell(`${name}.resources: ${(error as Error).message}`);
  }
}

function checkNetwork({ network = {} }: PlatformProps, tell: Tell): void {
  for (const name of ['publishers', 'monitoring'] as const) {
    const labels = network[name];
    // No label at all selects every namespace.
    if (labels && Object.keys(labels).length === 0)
      tell(`network.${name} must have a label: without one it means everybody`);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function quote(value: string): string {
  return JSON.stringify(value);
}
