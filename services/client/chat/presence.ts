import type { PresenceChanged } from '../../shared/contract/chat-dto.ts';

export type PresenceState = PresenceChanged['state'];

const maxWatched = 200;

/** Whose presence this client shows, and what is known of it. */
export class Presence {
  readonly #changed: () => void;
  readonly #watchers = new Set<readonly string[]>();
  readonly #states = new Map<string, PresenceState>();

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** At most 200: what the hub takes. */
  get watched(): string[] {
    return [...new Set([...this.#watchers].flat())].slice(0, maxWatched);
  }

  get states(): ReadonlyMap<string, PresenceState> {
    return new Map(this.#states);
  }

  /** Returns what ends it. */
  watch(userIds: readonly string[]): () => void {
    const watcher = [...userIds];
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      const left = new Set(this.watched);
      for (const userId of watcher) if (!left.has(userId)) this.#states.delete(userId);
      this.#changed();
    };
  }

  take(changes: readonly PresenceChanged[]): void {
    const watched = new Set(this.watched);
    for (const { userId, state } of changes) if (watched.has(userId)) this.#states.set(userId, state);
    this.#changed();
  }

  /** Nobody can tell while there is no connection: no news is never shown as "offline". */
  unknown(): void {
    if (this.#states.size === 0) return;
    this.#states.clear();
    this.#changed();
  }
}
