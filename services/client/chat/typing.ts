import type { Clock, Timer } from '../clock.ts';

/** A client that goes on typing says so again well before this. */
const goneAfterMs = 8_000;

/** Who types where, as others tell it: nobody for longer than he says so. */
export class TypingNow {
  readonly #clock: Clock;
  readonly #changed: (conversationId: string) => void;
  readonly #timers = new Map<string, Map<string, Timer>>();

  constructor(clock: Clock, changed: (conversationId: string) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  of(conversationId: string): string[] {
    return [...(this.#timers.get(conversationId)?.keys() ?? [])];
  }

  started(conversationId: string, userId: string): void {
    const timers = this.#timers.get(conversationId) ?? new Map<string, Timer>();
    this.#timers.set(conversationId, timers);
    timers.get(userId)?.cancel();
    timers.set(
      userId,
      this.#clock.after(goneAfterMs, () => this.stopped(conversationId, userId)),
    );
    this.#changed(conversationId);
  }

  stopped(conversationId: string, userId: string): void {
    const timers = this.#timers.get(conversationId);
    timers?.get(userId)?.cancel();
    if (timers?.delete(userId)) this.#changed(conversationId);
  }

  clear(): void {
    const timers = [...this.#timers];
    this.#timers.clear();
    for (const [conversationId, users] of timers) {
      for (const timer of users.values()) timer.cancel();
      this.#changed(conversationId);
    }
  }
}

const sayAgainAfterMs = 3_000;
const idleAfterMs = 5_000;

/** What this client tells of its own person: at most every 3 s, and the end 5 s after the last key. */
export class OwnTyping {
  readonly #clock: Clock;
  readonly #tell: (isTyping: boolean) => void;
  #toldAt: number | undefined;
  #idle: Timer | undefined;

  constructor(clock: Clock, tell: (isTyping: boolean) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  key(): void {
    const now = this.#clock.now();
    if (this.#toldAt === undefined || now - this.#toldAt >= sayAgainAfterMs) {
      this.#toldAt = now;
      this.#tell(true);
    }
    this.#idle?.cancel();
    this.#idle = this.#clock.after(idleAfterMs, () => this.stop());
  }

  stop(): void {
    this.#idle?.cancel();
    if (this.#toldAt === undefined) return;
    this.#toldAt = undefined;
    this.#tell(false);
  }
}
