import { createHash } from 'node:crypto';

/**
 * On a pod template: the `data` of each ConfigMap that it mounts, in the order of its volumes, so that a change of one rolls
 * the pods. The order of keys is no change.
 */
export function configHash(
  ...contents: readonly (Readonly<Record<string, string>> | undefined)[]
): Record<string, string> {
  const sorted = contents.map((data = {}) =>
    Object.keys(data)
      .sort()
      .map((key) => [key, data[key]]),
  );
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
  return { 'sonixy.io/config-hash': hash };
}
