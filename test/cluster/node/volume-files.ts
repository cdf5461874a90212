import type { FileSource, KeyItem, PodObject, Volume } from '../api/pod-spec.ts';
import type { FileTree } from './file-tree.ts';
import type { NodeContext } from './node-context.ts';
import { type PodView, podField, resourceField } from './pod-fields.ts';
import { keysOf } from './sources.ts';
import type { Tokens } from './tokens.ts';

const DEFAULT_MODE = 0o644;

/** The files of a ConfigMap, Secret, downward or projected volume; throws when something that must be there is not. */
export async function volumeFiles(
  volume: Volume,
  from: { node: NodeContext; pod: PodView; tokens: Tokens },
): Promise<FileTree> {
  if (volume.projected === undefined) return sourceFiles(volume, DEFAULT_MODE, from);
  const { sources, defaultMode = DEFAULT_MODE } = volume.projected;
  const files: FileTree = new Map();
  for (const source of sources) {
    for (const [path, file] of await sourceFiles(source, defaultMode, from)) files.set(path, file);
  }
  return files;
}

export function isMadeOfFiles({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return (configMap ?? secret ?? downwardAPI ?? projected) !== undefined;
}

async function sourceFiles(
  { configMap, secret, downwardAPI, serviceAccountToken }: FileSource,
  defaultMode: number,
  { node, pod, tokens }: { node: NodeContext; pod: PodView; tokens: Tokens },
): Promise<FileTree> {
  const namespace = namespaceOf(pod.object);
  if (configMap) return picked('configmap', keysOf(node, 'configMap', namespace, configMap), configMap, defaultMode);
  if (secret) {
    const reference = { ...secret, name: secret.secretName ?? secret.name ?? '' };
    return picked('secret', keysOf(node, 'secret', namespace, reference), secret, defaultMode);
  }
  if (serviceAccountToken) {
    const data = await tokens.get(serviceAccountToken);
    return new Map([[serviceAccountToken.path, { data, mode: 0o600, own: true }]]);
  }
  const files: FileTree = new Map();
  for (const { path, mode, fieldRef, resourceFieldRef } of downwardAPI?.items ?? []) {
    const text = fieldRef
      ? podField(pod, fieldRef.fieldPath)
      : resourceFieldRef
        ? resourceField(pod, resourceFieldRef)
        : '';
    files.set(path, { data: Buffer.from(text), mode: mode ?? downwardAPI?.defaultMode ?? defaultMode });
  }
  return files;
}

function picked(
  kind: string,
  keys: Map<string, Buffer>,
  { items, optional = false, defaultMode }: { items?: KeyItem[]; optional?: boolean; defaultMode?: number },
  fallbackMode: number,
): FileTree {
  const mode = defaultMode ?? fallbackMode;
  const files: FileTree = new Map();
  if (items === undefined) for (const [key, data] of keys) files.set(key, { data, mode });
  for (const item of items ?? []) {
    const data = keys.get(item.key);
    if (data !== undefined) files.set(item.path, { data, mode: item.mode ?? mode });
    else if (!optional) throw new Error(`${kind} references non-existent key: ${item.key}`);
  }
  return files;
}

function namespaceOf({ metadata: { namespace = '' } }: PodObject): string {
  return namespace;
}
