import { PlatformError } from '#shared/contract/errors.ts';

const maxDepth = 32;
const maxItems = 1_000;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Bounds a parsed body: depth, items of one array or object, and keys that a store or a prototype would take for more than
 * data.
 *
 * @throws PlatformError `bad_request`
 */
export function checkJson(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= maxDepth) throw new PlatformError('bad_request', `the body is nested deeper than ${maxDepth}`);
  const entries = Array.isArray(value) ? value : Object.entries(value);
  if (entries.length > maxItems)
    throw new PlatformError('bad_request', `the body has more than ${maxItems} items in one place`);
  if (Array.isArray(value)) {
    for (const item of value) checkJson(item, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (forbiddenKeys.has(key) || key.startsWith('$') || key.includes('.')) {
      throw new PlatformError('bad_request', 'a key of the body is not allowed');
    }
    checkJson(item, depth + 1);
  }
}
