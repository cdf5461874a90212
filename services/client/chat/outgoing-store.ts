/** A message on its way to the server. */
export type OutgoingMessage = {
  /** Makes sending it again harmless. */
  readonly clientMessageId: string;
  readonly conversationId: string;
  readonly content: string;
  /** Ordinal in `messageTypes`. */
  readonly type: number;
  /** ISO 8601, by this device's clock. */
  readonly createdAt: string;
};

/**
 * Port: messages that the server has not acknowledged yet. A message that is in when the process ends is sent by the
 * next one, perhaps once more: that is harmless. Methods may reject; the message is then kept for this process only.
 */
export interface OutgoingStore {
  /** In the order in which they were put. */
  all(): Promise<readonly OutgoingMessage[]>;
  /** From its answer on the message outlives the process, where the adapter can. One with that id already there stays in its place. */
  put(message: OutgoingMessage): Promise<void>;
  /** Unknown ids are no error. */
  remove(clientMessageId: string): Promise<void>;
  /** Its client has ended: lets go of what it holds. What is in stays. */
  close?(): void;
}

export function isOutgoingMessage(value: unknown): value is OutgoingMessage {
  if (typeof value !== 'object' || value === null) return false;
  const { clientMessageId, conversationId, content, type, createdAt } = value as Record<string, unknown>;
  const texts = [clientMessageId, conversationId, content, createdAt];
  return texts.every((each) => typeof each === 'string') && Number.isFinite(type);
}

/** For as long as the process lives. */
export function memoryOutgoingStore(): OutgoingStore {
  const messages = new Map<string, OutgoingMessage>();
  return {
    all: async () => [...messages.values()],
    async put(message) {
      if (!messages.has(message.clientMessageId)) messages.set(message.clientMessageId, message);
    },
    remove: async (clientMessageId) => void messages.delete(clientMessageId),
  };
}
