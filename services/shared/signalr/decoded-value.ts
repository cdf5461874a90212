import { ProtocolError } from './hub-error.ts';

/**
 * Refuses what is nested deeper than `maxDepth` and objects with a key that could change a prototype when copied.
 * @throws ProtocolError
 */
export function checkDecoded(value: unknown, maxDepth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (maxDepth === 0) throw new ProtocolError('message is nested too deeply');
  if (Array.isArray(value)) {
    for (const item of value) checkDecoded(item, maxDepth - 1);
    return;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return;
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new ProtocolError('the key __proto__ is not allowed');
    checkDecoded((value as Record<string, unknown>)[key], maxDepth - 1);
  }
}
