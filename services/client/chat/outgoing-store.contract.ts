import { describe, expect, it } from 'vitest';
import type { OutgoingMessage, OutgoingStore } from './outgoing-store.ts';

export function outgoing(clientMessageId: string): OutgoingMessage {
  return { clientMessageId, conversationId: 'c', content: 'text', type: 0, createdAt: '2026-01-01T00:00:00.000Z' };
}

export function describeOutgoingStore(name: string, make: () => OutgoingStore): void {
  describe(`an outgoing store ${name}`, () => {
    it('answers in the order in which messages were put', async () => {
      const store = make();
      const messages = ['b', 'a', 'c'].map(outgoing);
      for (const message of messages) await store.put(message);
      expect(await store.all()).toEqual(messages);
    });

    it('leaves one that is there already in its place', async () => {
      const store = make();
      for (const id of ['a', 'b', 'a']) await store.put(outgoing(id));
      expect((await store.all()).map(({ clientMessageId }) => clientMessageId)).toEqual(['a', 'b']);
    });

    it('removes, and minds no unknown id', async () => {
      const store = make();
      await store.put(outgoing('a'));
      await store.remove('a');
      await store.remove('a');
      expect(await store.all()).toEqual([]);
    });
  });
}
