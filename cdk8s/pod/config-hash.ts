import { createHash } from 'node:crypto';

/** On a pod template: what it mounts but does not hold itself, so that a change of it rolls the pods. */
export function configHash(...contents: readonly unknown[]): Record<string, string> {
  const hash = createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 16);
  return { 'sonixy.io/config-hash': hash };
}
