import type { NodeContext } from './node-context.ts';

type Kind = 'configMap' | 'secret';

/** A ConfigMap's or Secret's keys as bytes; throws when it is not there, unless it may be absent. */
export function keysOf(
  node: NodeContext,
  kind: Kind,
  namespace: string,
  { name, optional = false }: { name: string; optional?: boolean },
): Map<string, Buffer> {
  const key = `${namespace}/${name}`;
  const keys = new Map<string, Buffer>();
  if (kind === 'configMap') {
    const object = node.configMaps.items.get(key);
    if (object === undefined && !optional) throw new Error(`configmap "${name}" not found`);
    for (const [each, text] of Object.entries(object?.data ?? {})) keys.set(each, Buffer.from(text));
    for (const [each, data] of Object.entries(object?.binaryData ?? {})) keys.set(each, Buffer.from(data, 'base64'));
  } else {
    const object = node.secrets.items.get(key);
    if (object === undefined && !optional) throw new Error(`secret "${name}" not found`);
    for (const [each, data] of Object.entries(object?.data ?? {})) keys.set(each, Buffer.from(data, 'base64'));
  }
  return keys;
}
