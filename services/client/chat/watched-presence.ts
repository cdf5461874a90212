import { serverMethods } from '../../shared/contract/names.ts';
import type { LiveConnection } from '../live/live-connection.ts';
import { parsePresences } from './parse-chat.ts';
import type { Presence } from './presence.ts';

/** Tells the hub whose presence is shown. */
export class WatchedPresence {
  readonly #presence: Presence;
  readonly #live: () => LiveConnection | undefined;
  #telling = false;

  constructor(presence: Presence, live: () => LiveConnection | undefined) {
    this.#presence = presence;
    this.#live = live;
  }

  /** Until the returned function is called. */
  watch(userIds: readonly string[]): () => void {
    const end = this.#presence.watch(userIds);
    this.tell();
    return () => {
      end();
      this.tell();
    };
  }

  /** Of no matter without a connection: after each subscription it is told anew. */
  tell(): void {
    const live = this.#live();
    if (!live || this.#telling) return;
    this.#telling = true;
    // Those who come in the same moment are told once.
    queueMicrotask(() => {
      this.#telling = false;
      live.call(serverMethods.watchPresence, this.#presence.watched).then(
        (answer) => this.#presence.take(parsePresences(answer)),
        () => undefined,
      );
    });
  }
}
