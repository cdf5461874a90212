import type { Redis } from 'ioredis';
import { PlatformError } from '#shared/contract/errors.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { BackplaneSubscription, FrameListener } from './backplane.ts';

type Waiting = { readonly resolve: () => void; readonly reject: (error: Error) => void };
type Channel = {
  readonly listeners: Set<{ readonly listener: FrameListener }>;
  /** Acknowledged by the server on the present connection. */
  active: boolean;
  waiting: Waiting[];
};

const channelsPerCommand = 500;
const refusedRetryMs = 2_000;

/** The channels that this process wants, on whatever connection there is: one SUBSCRIBE per tick, one listener set per channel. */
export class RedisSubscriptions {
  readonly #client: Redis;
  readonly #clock: Clock;
  readonly #log: Logger;
  #channels = new Map<string, Channel>();
  #dirty = new Set<string>();
  #flushing = false;
  #connected = false;
  #retry: Timer | undefined;
  #onComplete: () => void = () => {};

  constructor(client: Redis, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log;
    client.on('messageBuffer', (channel: Buffer, frame: Buffer) => this.#dispatch(channel.toString(), frame));
  }

  /** True when every wanted channel is active. */
  get complete(): boolean {
    if (!this.#connected) return false;
    for (const channel of this.#channels.values()) if (!channel.active && channel.listeners.size > 0) return false;
    return true;
  }

  /** Called whenever a batch was acknowledged. */
  onAcknowledged(listener: () => void): void {
    this.#onComplete = listener;
  }

  async subscribe(name: string, listener: FrameListener): Promise<BackplaneSubscription> {
    const channel = this.#channels.get(name) ?? { listeners: new Set(), active: false, waiting: [] };
    this.#channels.set(name, channel);
    const entry = { listener };
    channel.listeners.add(entry);
    if (!channel.active) {
      this.#markDirty(name);
      await new Promise<void>((resolve, reject) => channel.waiting.push({ resolve, reject }));
    }
    return {
      unsubscribe: () => {
        if (channel.listeners.delete(entry) && channel.listeners.size === 0) this.#markDirty(name);
      },
    };
  }

  connectionReady(): void {
    this.#connected = true;
    for (const name of this.#channels.keys()) this.#markDirty(name);
  }

  connectionLost(): void {
    this.#connected = false;
    for (const channel of this.#channels.values()) channel.active = false;
  }

  close(): void {
    this.#connected = false;
    this.#retry?.cancel();
    for (const { waiting } of this.#channels.values()) {
      for (const { reject } of waiting) reject(new PlatformError('unavailable', 'the backplane is closed'));
    }
    this.#channels.clear();
  }

  #markDirty(name: string): void {
    this.#dirty.add(name);
    if (this.#flushing || !this.#connected) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (!this.#connected) return;
    const wanted: string[] = [];
    const unwanted: string[] = [];
    for (const name of this.#dirty) {
      const channel = this.#channels.get(name);
      if (!channel) continue;
      if (channel.listeners.size === 0) {
        this.#channels.delete(name);
        unwanted.push(name);
      } else if (!channel.active) wanted.push(name);
    }
    this.#dirty.clear();
    for (const batch of batches(unwanted)) this.#client.unsubscribe(...batch).catch(() => {});
    for (const batch of batches(wanted)) void this.#subscribeBatch(batch);
  }

  async #subscribeBatch(names: readonly string[]): Promise<void> {
    try {
      await this.#client.subscribe(...names);
    } catch (error) {
      // A lost connection brings all channels back by itself; a refusal (ACL) is asked again, it may be lifted.
      if (!this.#connected) return;
      this.#log.warn(
        { reason: error instanceof Error ? error.message : '', channels: names.length },
        'subscribe failed',
      );
      for (const name of names) this.#dirty.add(name);
      this.#retry ??= this.#clock.after(refusedRetryMs, () => {
        this.#retry = undefined;
        this.#flush();
      });
      return;
    }
    if (!this.#connected) return;
    for (const name of names) {
      const channel = this.#channels.get(name);
      if (!channel) continue;
      channel.active = true;
      const waiting = channel.waiting;
      channel.waiting = [];
      for (const { resolve } of waiting) resolve();
    }
    this.#onComplete();
  }

  #dispatch(name: string, frame: Buffer): void {
    for (const { listener } of this.#channels.get(name)?.listeners ?? []) {
      try {
        listener(frame);
      } catch (error) {
        this.#log.error({ err: error }, 'a frame listener failed');
      }
    }
  }
}

function* batches(names: readonly string[]): Generator<string[]> {
  for (let from = 0; from < names.length; from += channelsPerCommand)
    yield names.slice(from, from + channelsPerCommand);
}
