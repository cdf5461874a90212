import type { UserId } from '#shared/contract/ids.ts';
import type { Timer } from '#shared/runtime/clock.ts';
import type { ConversationEntry } from './conversation-entry.ts';
import type { Member } from './member.ts';

/** One user with a connection that takes part in chat, or who had one a moment ago. */
export class ChatUser {
  readonly user: UserId;
  readonly members = new Set<Member>();
  /** The conversations that the user is in. */
  readonly entries = new Set<ConversationEntry>();
  /** The memberships were read once. */
  known = false;
  dropped = false;
  unsubscribe: (() => void) | undefined;
  linger: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(user: UserId) {
    this.user = user;
  }

  /** Resolves when the memberships are known, or never will be. */
  whenKnown(): Promise<void> {
    if (this.known || this.dropped) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  tellKnown(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
