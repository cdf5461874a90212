import type { Service } from '../api/objects.ts';
import type { ContainerSpec, EnvironmentVariable } from '../api/pod-spec.ts';
import type { Image } from '../images/image.ts';
import type { NodeContext } from './node-context.ts';
import { type PodView, podField, resourceField } from './pod-fields.ts';
import { keysOf } from './sources.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** All variables of a container: the image's, the Services', envFrom, env. Throws when something referred to is missing. */
export function environment(
  node: NodeContext,
  pod: PodView,
  container: ContainerSpec,
  { image, uid }: { image: Image; uid: number },
): Record<string, string> {
  const namespace = pod.object.metadata.namespace ?? '';
  const env: Record<string, string> = { PATH, HOSTNAME: pod.hostname, HOME: uid === 0 ? '/root' : '/', ...image.env };
  for (const service of node.services.items.values()) {
    if (isLinked(service, pod)) Object.assign(env, serviceLinks(service));
  }
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const from = configMapRef ?? secretRef;
    if (from === undefined) continue;
    const keys = keysOf(node, configMapRef === undefined ? 'secret' : 'configMap', namespace, from);
    for (const [key, value] of keys) env[prefix + key] = value.toString();
  }
  for (const variable of container.env ?? []) {
    const value = valueFor(variable, { node, pod, container, namespace, env });
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

/** $(NAME) is replaced where NAME is known; $$(NAME) stands for itself. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\$\(([^)]*)\)|\$\(([^)]*)\)/g,
    (all, escaped: string | undefined, name: string | undefined) => {
      if (escaped !== undefined) return `$(${escaped})`;
      return name !== undefined && Object.hasOwn(env, name) ? (env[name] ?? all) : all;
    },
  );
}

type Scope = {
  node: NodeContext;
  pod: PodView;
  container: ContainerSpec;
  namespace: string;
  env: Record<string, string>;
};

function valueFor({ value = '', valueFrom: from }: EnvironmentVariable, scope: Scope): string | undefined {
  const { node, pod, container, namespace, env } = scope;
  if (from?.fieldRef) return podField(pod, from.fieldRef.fieldPath);
  if (from?.resourceFieldRef) return resourceField(pod, from.resourceFieldRef, container);
  const reference = from?.configMapKeyRef ?? from?.secretKeyRef;
  if (reference === undefined) return expand(value, env);
  const kind = from?.configMapKeyRef === undefined ? 'secret' : 'configMap';
  const found = keysOf(node, kind, namespace, reference).get(reference.key);
  if (found === undefined && !reference.optional) {
    throw new Error(`couldn't find key ${reference.key} in ${kind} ${reference.name}`);
  }
  return found?.toString();
}

function isLinked({ metadata, spec }: Service, { object }: PodView): boolean {
  if (spec.clusterIP === undefined || spec.clusterIP === '' || spec.clusterIP === 'None') return false;
  if (metadata.namespace === 'default' && metadata.name === 'kubernetes') return true;
  return metadata.namespace === object.metadata.namespace && object.spec.enableServiceLinks !== false;
}

function serviceLinks({ metadata, spec: { clusterIP = '', ports = [] } }: Service): Record<string, string> {
  const name = upper(metadata.name);
  const [first] = ports;
  if (first === undefined) return {};
  const links: Record<string, string> = {
    [`${name}_SERVICE_HOST`]: clusterIP,
    [`${name}_SERVICE_PORT`]: String(first.port),
    // The docker-style ones: a Service `hub` sets HUB_PORT to an address.
    [`${name}_PORT`]: `tcp://${clusterIP}:${first.port}`,
  };
  for (const port of ports) if (port.name) links[`${name}_SERVICE_PORT_${upper(port.name)}`] = String(port.port);
  for (const { port } of ports) {
    const link = `${name}_PORT_${port}_TCP`;
    links[link] = `tcp://${clusterIP}:${port}`;
    Object.assign(links, { [`${link}_PROTO`]: 'tcp', [`${link}_PORT`]: String(port), [`${link}_ADDR`]: clusterIP });
  }
  return links;
}

function upper(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
