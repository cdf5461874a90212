import type { MessageDto } from '../../shared/contract/chat-dto.ts';
import { type Backoff, backoffMs } from '../backoff.ts';
import type { Clock, Timer } from '../clock.ts';
import { RestError } from '../rest/rest-error.ts';
import { SignedOutError } from '../rest/token-source.ts';
import type { OutgoingMessage, OutgoingStore } from './outgoing-store.ts';

export type Outgoing = {
  readonly message: OutgoingMessage;
  /** `failed`: the server refused it and would again; `retry` or `discard` it. */
  readonly state: 'waiting' | 'sending' | 'failed';
  /** Why the last attempt failed. */
  readonly error: unknown;
};

export type SendQueueOptions = {
  readonly store: OutgoingStore;
  readonly clock: Clock;
  readonly post: (message: OutgoingMessage) => Promise<MessageDto>;
  readonly sent: (message: MessageDto) => void;
  readonly changed: (conversationId: string) => void;
  /** @default between 500 ms and 30 s, full jitter */
  readonly backoff?: Backoff | undefined;
};

/** One conversation's way out: one message at a time, in order. */
type Lane = { busy: boolean; attempt: number; timer: Timer | undefined; notBefore: number };

/**
 * Sends each message until the server has it or has refused it: again after network errors, 429 and 5xx, with the same
 * id, never after another 4xx. Messages of one conversation go out in the order of `send`, each after the answer to the
 * one before.
 */
export class SendQueue {
  readonly #options: SendQueueOptions;
  readonly #backoff: Backoff;
  readonly #items = new Map<string, Outgoing>();
  readonly #lanes = new Map<string, Lane>();
  /** Not in the store yet. */
  readonly #keeping = new Set<string>();
  #stopped = false;

  constructor(options: SendQueueOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? { baseMs: 1_000, capMs: 30_000 };
  }

  /** In the order of `send`. */
  of(conversationId: string): Outgoing[] {
    return [...this.#items.values()].filter(({ message }) => message.conversationId === conversationId);
  }

  /** Is in `of` when this returns. */
  send(message: OutgoingMessage): void {
    this.#set({ message, state: 'waiting', error: undefined });
    void this.#keep(message);
  }

  /** Takes up what an earlier process left behind, before what was sent meanwhile. */
  async restore(): Promise<void> {
    const left = await this.#options.store.all().catch(() => []);
    const since = [...this.#items.values()];
    const older = left.filter(({ clientMessageId }) => !this.#items.has(clientMessageId));
    this.#items.clear();
    for (const message of older)
      this.#items.set(message.clientMessageId, { message, state: 'waiting', error: undefined });
    for (const item of since) this.#items.set(item.message.clientMessageId, item);
    for (const { conversationId } of older) this.#options.changed(conversationId);
    this.wake();
  }

  /** The server has it: it says so by whatever way. */
  settle(clientMessageId: string): void {
    const item = this.#items.get(clientMessageId);
    if (!item) return;
    this.#items.delete(clientMessageId);
    void this.#options.store.remove(clientMessageId).catch(() => undefined);
    this.#options.changed(item.message.conversationId);
  }

  /** Tries a failed one anew, after those that wait. */
  retry(clientMessageId: string): void {
    const item = this.#items.get(clientMessageId);
    if (item?.state !== 'failed') return;
    this.#items.delete(clientMessageId);
    this.#set({ ...item, state: 'waiting', error: undefined });
    this.#pump(item.message.conversationId);
  }

  /** One that is being sent right now may arrive all the same. */
  discard(clientMessageId: string): void {
    this.settle(clientMessageId);
  }

  /** The network may be back: tries at once what waits, unless a server asked to be left alone. */
  wake(): void {
    const conversations = new Set([...this.#items.values()].map(({ message }) => message.conversationId));
    for (const id of conversations) {
      const lane = this.#lane(id);
      if (this.#options.clock.now() < lane.notBefore) continue;
      lane.timer?.cancel();
      lane.timer = undefined;
      this.#pump(id);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const lane of this.#lanes.values()) lane.timer?.cancel();
    this.#options.store.close?.();
  }

  async #keep(message: OutgoingMessage): Promise<void> {
    const { clientMessageId, conversationId } = message;
    this.#keeping.add(clientMessageId);
    await this.#options.store.put(message).catch(() => undefined);
    this.#keeping.delete(clientMessageId);
    this.#pump(conversationId);
  }

  #pump(conversationId: string): void {
    const lane = this.#lane(conversationId);
    if (this.#stopped || lane.busy || lane.timer) return;
    const next = this.of(conversationId).find(({ state }) => state === 'waiting');
    if (!next || this.#keeping.has(next.message.clientMessageId)) return;
    lane.busy = true;
    this.#set({ ...next, state: 'sending' });
    void this.#send(next.message, lane).finally(() => {
      lane.busy = false;
      this.#pump(conversationId);
    });
  }

  async #send(message: OutgoingMessage, lane: Lane): Promise<void> {
    try {
      const row = await this.#options.post(message);
      lane.attempt = 0;
      this.#options.sent(row);
      this.settle(message.clientMessageId);
    } catch (error) {
      if (!this.#items.has(message.clientMessageId)) return;
      if (wasDeleted(error)) {
        lane.attempt = 0;
        this.settle(message.clientMessageId);
        return;
      }
      const again = mayBeRepeated(error);
      this.#set({ message, state: again ? 'waiting' : 'failed', error });
      if (again) this.#wait(lane, message.conversationId, error);
      else lane.attempt = 0;
    }
  }

  #wait(lane: Lane, conversationId: string, error: unknown): void {
    const { clock } = this.#options;
    const askedMs = error instanceof RestError ? (error.retryAfterMs ?? 0) : 0;
    const delayMs = Math.max(askedMs, backoffMs(lane.attempt, this.#backoff));
    lane.attempt += 1;
    lane.notBefore = clock.now() + askedMs;
    lane.timer = clock.after(delayMs, () => {
      lane.timer = undefined;
      this.#pump(conversationId);
    });
  }

  #lane(conversationId: string): Lane {
    let lane = this.#lanes.get(conversationId);
    if (!lane) {
      lane = { busy: false, attempt: 0, timer: undefined, notBefore: 0 };
      this.#lanes.set(conversationId, lane);
    }
    return lane;
  }

  #set(item: Outgoing): void {
    this.#items.set(item.message.clientMessageId, item);
    this.#options.changed(item.message.conversationId);
  }
}

/** Whatever is no refusal of this very message: with the same id a second attempt does no harm. */
function mayBeRepeated(error: unknown): boolean {
  if (error instanceof SignedOutError) return true;
  if (!(error instanceof RestError)) return true;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

/** The server had it before, and it was deleted since. Another message under that id there cannot be: ids are random. */
function wasDeleted(error: unknown): boolean {
  return error instanceof RestError && error.code === 'conflict';
}
