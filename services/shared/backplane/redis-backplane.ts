import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { PlatformError } from '#shared/contract/errors.ts';
import { redisPrefix } from '#shared/contract/names.ts';
import { type Clock, systemClock, type Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Backplane, BackplaneState, BackplaneSubscription, FrameListener } from './backplane.ts';
import { comeBackTogether, openRedisClient, replaceConnection } from './redis-client.ts';
import { RedisSubscriptions } from './redis-subscriptions.ts';

export type RedisBackplaneOptions = {
  /** `redis://` or `rediss://`, one server (or a proxy in front of it), with ACL user and password where needed. */
  readonly url: string;
  readonly log: Logger;
  /** @default the system's */
  readonly clock?: Clock;
  /** How often the process sends itself a frame. @default 5,000 */
  readonly canaryEveryMs?: number;
  /** A command or a canary without an answer for so long means a dead connection. @default 3,000 */
  readonly timeoutMs?: number;
};

export interface RedisBackplane extends Backplane {
  /** The server answers, but what this process publishes does not come back: other processes serve better. */
  readonly blind: boolean;
}

/** Returns at once and connects in the background. */
export function connectRedisBackplane(options: RedisBackplaneOptions): RedisBackplane {
  return new PubSubBackplane(options);
}

/** Plain PUBLISH and SUBSCRIBE, on two connections. */
class PubSubBackplane implements RedisBackplane {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #canaryEveryMs: number;
  readonly #timeoutMs: number;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #subscriptions: RedisSubscriptions;
  readonly #canaryChannel = `${redisPrefix}canary:${randomUUID()}`;
  #canary = 0;
  #canaryTimeout: Timer | undefined;
  #canaryPublished = false;
  #nextCanary: Timer | undefined;
  #handshaking = new Set<Redis>();
  #state: BackplaneState = 'down';
  #blind = false;
  #closed = false;
  #listeners: ((state: BackplaneState) => void)[] = [];

  constructor({ url, log, clock = systemClock, canaryEveryMs = 5_000, timeoutMs = 3_000 }: RedisBackplaneOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#canaryEveryMs = canaryEveryMs;
    this.#timeoutMs = timeoutMs;
    this.#publisher = openRedisClient({ url, purpose: 'publish', commandTimeoutMs: timeoutMs, log });
    this.#subscriber = openRedisClient({ url, purpose: 'subscribe', commandTimeoutMs: timeoutMs, log });
    comeBackTogether([this.#publisher, this.#subscriber]);
    this.#subscriptions = new RedisSubscriptions(this.#subscriber, { clock, log });
    this.#subscriptions.onAcknowledged(() => this.#comeUp());
    this.#publisher.on('ready', () => this.#comeUp());
    this.#publisher.on('close', () => this.#connectionClosed('publish connection closed'));
    this.#subscriber.on('ready', () => this.#subscriptions.connectionReady());
    this.#subscriber.on('close', () => {
      this.#subscriptions.connectionLost();
      this.#connectionClosed('subscribe connection closed');
    });
    this.#subscriptions.subscribe(this.#canaryChannel, (frame) => this.#canaryCame(frame)).catch(() => {});
    this.#nextCanary = clock.after(canaryEveryMs, () => this.#tick());
  }

  get state(): BackplaneState {
    return this.#state;
  }

  get blind(): boolean {
    return this.#blind;
  }

  async publish(channel: string, frame: Uint8Array): Promise<void> {
    if (this.#publisher.status !== 'ready') throw unavailable();
    this.#writeTogether();
    try {
      await this.#publisher.publish(channel, Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
    } catch {
      // The library's error carries the frame.
      throw unavailable();
    }
  }

  async publishMany(channels: readonly string[], frame: Uint8Array): Promise<void> {
    await Promise.all(channels.map((channel) => this.publish(channel, frame)));
  }

  /** What is published in one turn leaves in one write: a write costs as much as everything else about a frame. */
  #writeTogether(): void {
    const { stream } = this.#publisher;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  async subscribe(channel: string, listener: FrameListener): Promise<BackplaneSubscription> {
    if (this.#closed) throw unavailable();
    return this.#subscriptions.subscribe(channel, listener);
  }

  onStateChange(listener: (state: BackplaneState) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#nextCanary?.cancel();
    this.#canaryTimeout?.cancel();
    this.#subscriptions.close();
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
    this.#state = 'down';
  }

  #tick(): void {
    for (const client of [this.#publisher, this.#subscriber]) {
      // Accepted, but its greeting stays unanswered since the last tick.
      if (client.status === 'connect' && this.#handshaking.has(client)) replaceConnection(client);
      if (client.status === 'connect') this.#handshaking.add(client);
      else this.#handshaking.delete(client);
    }
    this.#sendCanary();
    this.#nextCanary = this.#clock.after(this.#canaryEveryMs, () => this.#tick());
  }

  /** Everything seems to be there again: proved by the canary. */
  #comeUp(): void {
    if (this.#state === 'down' && this.#subscriptions.complete) this.#sendCanary();
  }

  #sendCanary(): void {
    if (this.#canaryTimeout || this.#closed) return;
    if (this.#publisher.status !== 'ready') return;
    this.#canary += 1;
    this.#canaryPublished = false;
    this.#canaryTimeout = this.#clock.after(this.#timeoutMs, () => this.#canaryLost());
    const sent = this.#canary;
    this.publish(this.#canaryChannel, Buffer.from(String(sent))).then(
      () => {
        if (sent === this.#canary) this.#canaryPublished = true;
      },
      () => {},
    );
  }

  #canaryCame(frame: Uint8Array): void {
    if (Buffer.from(frame).toString() !== String(this.#canary)) return;
    this.#canaryTimeout?.cancel();
    this.#canaryTimeout = undefined;
    this.#blind = false;
    if (this.#state === 'up' || !this.#subscriptions.complete) return;
    this.#changeState('up', 'subscriptions are back');
  }

  #canaryLost(): void {
    this.#canaryTimeout = undefined;
    this.#blind = this.#canaryPublished;
    this.#goDown('a frame to ourselves did not come back');
    replaceConnection(this.#subscriber);
    if (!this.#canaryPublished) replaceConnection(this.#publisher);
  }

  #connectionClosed(reason: string): void {
    this.#canaryTimeout?.cancel();
    this.#canaryTimeout = undefined;
    this.#goDown(reason);
  }

  #goDown(reason: string): void {
    // The publisher's end says that the server is gone, not that we alone are blind.
    if (this.#publisher.status !== 'ready') this.#blind = false;
    this.#changeState('down', reason);
  }

  #changeState(state: BackplaneState, reason: string): void {
    if (this.#closed || state === this.#state) return;
    this.#state = state;
    this.#log.info({ state, reason }, 'backplane changed state');
    for (const listener of this.#listeners) listener(state);
  }
}

function unavailable(): PlatformError {
  return new PlatformError('unavailable', 'the backplane does not answer');
}
