import type { Clock } from './clock.ts';

/** Keeps a new connection's first messages back for a while. A timer runs only while it holds something. */
export class OutgoingHold {
  readonly #clock: Clock;
  readonly #due: () => void;
  readonly #until: number;
  #messages: Uint8Array[] = [];
  #timer: { cancel(): void } | undefined;
  bytes = 0;

  constructor(clock: Clock, holdMs: number, due: () => void) {
    this.#clock = clock;
    this.#until = clock.now() + holdMs;
    this.#due = due;
  }

  get expired(): boolean {
    return this.#messages.length === 0 && this.#clock.now() >= this.#until;
  }

  add(messages: readonly Uint8Array[]): void {
    this.#messages.push(...messages);
    for (const message of messages) this.bytes += message.length;
    this.#timer ??= this.#clock.after(Math.max(0, this.#until - this.#clock.now()), this.#due);
  }

  /** What is held; nothing becomes due any more. */
  take(): readonly Uint8Array[] {
    this.#timer?.cancel();
    const taken = this.#messages;
    this.#messages = [];
    this.bytes = 0;
    return taken;
  }
}
