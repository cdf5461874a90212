import type { Conversation } from '#services/client/chat/conversation.ts';

/** What people have sent by their clients, and in which life of the store each client took it for sent. */
export class SentMessages {
  /** By the id that the client gave, which stays the same however often the message is sent. */
  readonly #sentIn = new Map<string, string | undefined>();

  /** @param life that the client knows of now */
  follow(key: string, conversation: Conversation, life: () => string | undefined): void {
    const end = conversation.onChange(() => {
      const message = conversation.state.messages.find((each) => each.key === key);
      if (message && message.delivery !== 'sent') return;
      this.#sentIn.set(key, life());
      end();
    });
  }

  /** One that was sent in this life and is not there. What was sent in an earlier one a restore may have taken back. */
  missingFrom(stored: ReadonlySet<unknown>, life: string): string | undefined {
    return [...this.#sentIn].find(([key, sentIn]) => sentIn === life && !stored.has(key))?.[0];
  }
}
