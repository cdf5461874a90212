import { PlatformError } from '#shared/contract/errors.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import { SeededRandom } from './seeded-random.fixture.ts';
import { type Task, TaskQueue } from './task-queue.fixture.ts';

const realSetImmediate = globalThis.setImmediate;
const realRandom = Math.random;
const startMs = Date.UTC(2026, 0, 1);

/** One life of a process: what it has set in motion ends with it. */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  alive = true;
  /** Until then it does nothing, as after SIGSTOP. */
  frozenUntil = 0;
  readonly onDeath = new Set<() => void>();

  constructor(name: string, clock: (process: SimulatedProcess) => Clock) {
    this.name = name;
    this.clock = clock(this);
  }

  /** As by SIGKILL: nothing that waits goes on. */
  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const listener of this.onDeath) listener();
  }
}

export type CallOptions = {
  /** Of one way, in ms. @default 1 to 12 */
  readonly delayMs?: readonly [number, number];
  /** How often the question, and how often the answer, gets lost: the caller hears of a cut connection. @default 0 */
  readonly loss?: number;
};

/**
 * Many processes in one, run one task at a time: what is one task's and all microtasks that follow belong to one process.
 * `setImmediate`, timers and messages are tasks; their order is drawn from the seed, as is `Math.random`.
 */
export class Simulation {
  readonly random: SeededRandom;
  readonly #queue = new TaskQueue();
  #now = startMs;
  #current: SimulatedProcess | undefined;
  #failure: unknown;
  tasks = 0;
  /** Of what ran when and where: equal runs have equal ones. */
  digest = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#now - startMs;
  }

  start(name: string): SimulatedProcess {
    return new SimulatedProcess(name, (process) => ({
      now: () => Math.floor(this.#now),
      after: (delayMs, callback) => this.after(process, delayMs, callback),
    }));
  }

  /** Runs as part of `process`, unless it is dead by then. */
  after(process: SimulatedProcess, delayMs: number, run: () => void): Timer {
    let thawed: Timer | undefined;
    const task: Task = {
      at: this.#now + Math.max(0, delayMs),
      order: this.random.next(),
      dead: false,
      run: () => {
        if (!process.alive) return;
        if (process.frozenUntil > this.#now) {
          thawed = this.after(process, process.frozenUntil - this.#now, run);
          return;
        }
        this.#current = process;
        this.digest =
          (Math.imul(this.digest ^ this.#now, 0x01000193) ^ process.name.length ^ (task.order * 2 ** 31)) >>> 0;
        run();
      },
    };
    this.#queue.add(task);
    return {
      cancel: () => {
        task.dead = true;
        thawed?.cancel();
      },
    };
  }

  /** Calls over the network. Rejects with `unavailable` when `to` is gone, dies meanwhile or is not heard. */
  call<T>(
    from: SimulatedProcess,
    to: SimulatedProcess | undefined,
    handle: () => Promise<T>,
    { delayMs = [1, 12], loss = 0 }: CallOptions = {},
  ): Promise<T> {
    const delay = () => this.random.between(...delayMs);
    return new Promise<T>((resolve, reject) => {
      const cut = () => this.after(from, delay(), () => reject(new PlatformError('unavailable', 'no connection')));
      if (!to?.alive || this.random.chance(loss)) {
        cut();
        return;
      }
      to.onDeath.add(cut);
      const answer = (settle: () => void) => {
        to.onDeath.delete(cut);
        if (this.random.chance(loss)) cut();
        else this.after(from, delay(), settle);
      };
      this.after(to, delay(), () => {
        handle().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        );
      });
    });
  }

  /** Goes on to that many ms since the beginning. @throws what a task has thrown */
  async runTo(elapsedMs: number): Promise<void> {
    const end = startMs + elapsedMs;
    this.#patch();
    try {
      for (let next = this.#queue.first; next && next.at <= end; next = this.#queue.first) {
        this.#queue.take();
        if (next.dead) continue;
        this.#now = next.at;
        this.#current = undefined;
        this.tasks += 1;
        next.run();
        if (this.#current) await new Promise<void>((resolve) => realSetImmediate(resolve));
        if (this.#failure) throw this.#failure;
      }
      this.#now = end;
    } finally {
      globalThis.setImmediate = realSetImmediate;
      Math.random = realRandom;
    }
  }

  /** Ends the run: a rule was broken. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  #patch(): void {
    const setImmediate = (run: (...args: unknown[]) => void, ...args: unknown[]) => {
      const process = this.#current;
      if (!process) throw new Error('setImmediate outside of a simulated process');
      return this.after(process, this.random.chance(0.2) ? this.random.between(1, 3) : 0, () => run(...args));
    };
    globalThis.setImmediate = setImmediate as unknown as typeof realSetImmediate;
    Math.random = this.random.next;
  }
}
