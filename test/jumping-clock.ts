import { type Clock, systemClock, type Timer } from '#shared/runtime/clock.ts';

type Waiting = { at: number; callback: () => void; timer: Timer };

/** The system's time, which can be moved ahead: for tests that pass real sockets and are about minutes. */
export class JumpingClock implements Clock {
  #ahead = 0;
  readonly #waiting = new Set<Waiting>();

  now(): number {
    return systemClock.now() + this.#ahead;
  }

  after(delayMs: number, callback: () => void): Timer {
    const waiting: Waiting = { at: this.now() + delayMs, callback, timer: { cancel: () => {} } };
    this.#arm(waiting);
    this.#waiting.add(waiting);
    return {
      cancel: () => {
        this.#waiting.delete(waiting);
        waiting.timer.cancel();
      },
    };
  }

  /** What falls due on the way fires as soon as it can, in order of time. */
  jump(ms: number): void {
    this.#ahead += ms;
    for (const waiting of [...this.#waiting].sort((a, b) => a.at - b.at)) {
      waiting.timer.cancel();
      this.#arm(waiting);
    }
  }

  #arm(waiting: Waiting): void {
    waiting.timer = systemClock.after(Math.max(0, waiting.at - this.now()), () => {
      this.#waiting.delete(waiting);
      waiting.callback();
    });
  }
}
