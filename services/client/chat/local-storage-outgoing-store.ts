import { isOutgoingMessage, type OutgoingMessage, type OutgoingStore } from './outgoing-store.ts';

export type LocalStorageOptions = {
  /** Whose messages: another user of the same browser never sends them. */
  readonly user: string;
  /** @default the browser's */
  readonly storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
};

/**
 * One entry for each message, so that tabs never overwrite one another's. Contents lie in the browser in plain text
 * until they are acknowledged: call `clear` when the person signs out.
 */
export function localStorageOutgoingStore({
  user,
  storage = globalThis.localStorage,
}: LocalStorageOptions): OutgoingStore & { clear(): void } {
  const prefix = `sonixy.outgoing.${encodeURIComponent(user)}.`;
  let last = 0;

  function entries(): { key: string; order: number; message: OutgoingMessage }[] {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
    return keys
      .filter((key) => key !== null)
      .filter((key) => key.startsWith(prefix))
      .flatMap((key) => {
        const entry = parseEntry(storage.getItem(key));
        return entry ? [{ key, ...entry }] : [];
      })
      .sort((a, b) => a.order - b.order);
  }

  return {
    all: async () => entries().map(({ message }) => message),
    async put(message) {
      const key = prefix + message.clientMessageId;
      if (storage.getItem(key) !== null) return;
      // Several in one millisecond keep their order too.
      last = Math.max(Date.now(), last + 1);
      storage.setItem(key, JSON.stringify({ order: last, message }));
    },
    remove: async (clientMessageId) => storage.removeItem(prefix + clientMessageId),
    clear() {
      for (const { key } of entries()) storage.removeItem(key);
    },
  };
}

function parseEntry(text: string | null): { order: number; message: OutgoingMessage } | undefined {
  try {
    const { order, message } = JSON.parse(text ?? '') as { order: unknown; message: unknown };
    return typeof order === 'number' && isOutgoingMessage(message) ? { order, message } : undefined;
  } catch {
    return undefined;
  }
}
