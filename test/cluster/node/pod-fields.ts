import { cpus, totalmem } from 'node:os';
import type { ContainerSpec, PodObject, ResourceReference } from '../api/pod-spec.ts';
import { quantity } from '../api/quantity.ts';
import { NODE_IP } from './addresses.ts';

/** A pod as its containers may see it. */
export type PodView = {
  readonly object: PodObject;
  readonly hostname: string;
  /** undefined before it has a network. */
  readonly ip: string | undefined;
};

/** The downward API: `metadata.name`, `status.podIP`, `metadata.labels['app']` … */
export function podField({ object: { metadata, spec }, ip = '' }: PodView, path: string): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map !== undefined && key !== undefined) return metadata[map as 'labels' | 'annotations']?.[key] ?? '';
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': lines(metadata.labels),
    'metadata.annotations': lines(metadata.annotations),
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.hostIP': NODE_IP,
    'status.hostIPs': NODE_IP,
    'status.podIP': ip,
    'status.podIPs': ip,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`no such field of a pod here: ${path}`);
  return value;
}

/** `limits.memory` and the like in units of the divisor; what has no limit has the node's whole. */
export function resourceField(
  { object: { spec } }: PodView,
  { containerName, resource, divisor = '1' }: ResourceReference,
  self?: ContainerSpec,
): string {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const container = containerName === undefined ? self : all.find(({ name }) => name === containerName);
  const dot = resource.indexOf('.');
  const list = resource.slice(0, dot) as 'limits' | 'requests';
  const name = resource.slice(dot + 1);
  const whole: Record<string, number> = { cpu: cpus().length, memory: totalmem() };
  const value = container?.resources?.[list]?.[name] ?? (list === 'limits' ? whole[name] : undefined) ?? 0;
  return String(Math.ceil(quantity(value) / quantity(divisor === '0' ? '1' : divisor)));
}

function lines(map: Record<string, string> = {}): string {
  return Object.entries(map)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join('\n');
}
