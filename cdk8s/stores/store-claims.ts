/** Stores that keep data, each in claims that its StatefulSet makes of the template `data`. */
export type KeepingStore = 'rabbitmq' | 'mongodb';

/** Names of all claims that the store may ever have: also those of ordinals that it has no pod for now. */
export function claimsOf(store: KeepingStore): string[] {
  return [0, 1, 2].map((ordinal) => `data-${store}-${ordinal}`);
}
