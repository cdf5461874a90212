import { PlatformError } from '#shared/contract/errors.ts';

export const maxJsonDepth = 32;
export const maxArrayLength = 1_000;

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Refuses parsed JSON that is deep, has long arrays, or has keys that mean something to JavaScript or to a database. A
 * scalar has depth 0, `{}` has depth 1.
 *
 * @throws PlatformError `bad_request`
 */
export function checkJson(value: unknown): void {
  // A stack of our own: the call stack would be the caller's to fill.
  const open: { value: unknown; depth: number }[] = [{ value, depth: 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value: container, depth } = next;
    if (typeof container !== 'object' || container === null) continue;
    if (depth > maxJsonDepth)
      throw new PlatformError('bad_request', `body is nested deeper than ${maxJsonDepth} levels`);
    if (Array.isArray(container)) checkLength(container.length);
    else for (const key of Object.keys(container)) checkKey(key);
    for (const child of Object.values(container)) open.push({ value: child, depth: depth + 1 });
  }
}

function checkLength(length: number): void {
  if (length > maxArrayLength) {
    throw new PlatformError('bad_request', `an array may hold ${maxArrayLength} elements, got ${length}`);
  }
}

function checkKey(key: string): void {
  if (forbiddenKeys.has(key) || key.includes('$') || key.includes('.')) {
    throw new PlatformError('bad_request', 'keys must not be __proto__, constructor or prototype, nor hold $ or .');
  }
}
