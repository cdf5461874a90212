import type { KeyboardEvent } from 'react';

/** What the server takes. */
export const maxMessageLength = 10_000;

/** Enter alone; not the one that ends the composition of a character. */
export function isEnter({ key, shiftKey, nativeEvent }: KeyboardEvent): boolean {
  return key === 'Enter' && !shiftKey && !nativeEvent.isComposing;
}
