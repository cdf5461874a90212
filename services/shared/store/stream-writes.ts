import { PlatformError } from '#shared/contract/errors.ts';

type Waiting<Item, Result> = {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
};

type Step<Item, Result> =
  | { readonly batch: Waiting<Item, Result>[] }
  | { readonly call: () => Promise<void>; readonly reject: (error: unknown) => void };

export type StreamWritesOptions<Item, Result> = {
  /** Writes items of one stream, in order; results in the same order. */
  readonly writeBatch: (stream: string, items: readonly Item[]) => Promise<readonly Result[]>;
  /** Items in one batch. */
  readonly maxBatch: number;
  /** Streams that are written at the same time. */
  readonly maxStreams: number;
};

/** Writes of one stream follow each other in the order of the calls; items that wait next to each other go as one batch. */
export class StreamWrites<Item, Result> {
  readonly #options: StreamWritesOptions<Item, Result>;
  readonly #waiting = new Map<string, Step<Item, Result>[]>();
  readonly #idle: string[] = [];
  #active = 0;
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(options: StreamWritesOptions<Item, Result>) {
    this.#options = options;
  }

  add(stream: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const steps = this.#stepsOf(stream, reject);
      if (!steps) return;
      const last = steps.at(-1);
      const waiting = { item, resolve, reject };
      if (last && 'batch' in last && last.batch.length < this.#options.maxBatch) last.batch.push(waiting);
      else steps.push({ batch: [waiting] });
    });
  }

  run<T>(stream: string, call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#stepsOf(stream, reject)?.push({ call: () => call().then(resolve), reject });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  #stepsOf(stream: string, reject: (error: unknown) => void): Step<Item, Result>[] | undefined {
    if (this.#closed) {
      reject(new PlatformError('unavailable', 'the store is closed'));
      return undefined;
    }
    const known = this.#waiting.get(stream);
    if (known) return known;
    const steps: Step<Item, Result>[] = [];
    this.#waiting.set(stream, steps);
    this.#idle.push(stream);
    // What is called in this turn of the event loop shares the batch.
    setImmediate(() => this.#start());
    return steps;
  }

  #start(): void {
    while (this.#active < this.#options.maxStreams) {
      const stream = this.#idle.shift();
      if (stream === undefined) return;
      this.#active += 1;
      void this.#write(stream);
    }
  }

  async #write(stream: string): Promise<void> {
    const steps = this.#waiting.get(stream) ?? [];
    for (let step = steps.shift(); step; step = steps.shift()) {
      const error = await this.#take(stream, step);
      // An outage was waited for long enough: what waits behind it would only wait longer.
      if (error instanceof PlatformError && error.code === 'unavailable') {
        for (const waiting of steps.splice(0)) fail(waiting, error);
      }
    }
    this.#waiting.delete(stream);
    this.#active -= 1;
    if (this.#waiting.size === 0) this.#drained?.();
    this.#start();
  }

  async #take(stream: string, step: Step<Item, Result>): Promise<unknown> {
    try {
      if ('call' in step) await step.call();
      else await this.#writeBatch(stream, step.batch);
      return undefined;
    } catch (error) {
      fail(step, error);
      return error;
    }
  }

  async #writeBatch(stream: string, batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const items = batch.map(({ item }) => item);
    const results = await this.#options.writeBatch(stream, items);
    for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
  }
}

function fail<Item, Result>(step: Step<Item, Result>, error: unknown): void {
  if ('call' in step) step.reject(error);
  else for (const { reject } of step.batch) reject(error);
}
