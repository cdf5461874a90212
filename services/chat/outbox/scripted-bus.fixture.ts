import type { Bus } from '#shared/bus/bus.ts';
import { createMemoryBus } from '#shared/bus/memory-bus.ts';
import { PlatformError } from '#shared/contract/errors.ts';

/** `down`: rejects at once and says so. `silent`: takes what comes, and confirms it only when told to. */
export type BusMood = 'up' | 'down' | 'silent';

/** The memory bus with the moods of a broker. */
export interface ScriptedBus extends Bus {
  mood: BusMood;
  /** Publishes that wait for their confirm. */
  readonly unconfirmed: number;
  confirmAll(): void;
  /** The broker forgets: publishers hear that it took too long. */
  giveUpAll(): void;
}

export function createScriptedBus(): ScriptedBus {
  const inner = createMemoryBus();
  let waiting: { confirm: () => void; giveUp: () => void }[] = [];
  const unavailable = () => new PlatformError('unavailable', 'the scripted bus is away');

  return {
    mood: 'up',
    features: inner.features,
    address: inner.address,
    get state() {
      return { connected: this.mood !== 'down', detail: this.mood };
    },
    get unconfirmed() {
      return waiting.length;
    },
    async publish(message) {
      if (this.mood === 'down') throw unavailable();
      await inner.publish(message);
      if (this.mood === 'up') return;
      await new Promise<void>((resolve, reject) => {
        waiting.push({ confirm: resolve, giveUp: () => reject(unavailable()) });
      });
    },
    confirmAll() {
      for (const { confirm } of waiting.splice(0)) confirm();
    },
    giveUpAll() {
      for (const { giveUp } of waiting.splice(0)) giveUp();
    },
    declare: (topology) => inner.declare(topology),
    consume: (options) => inner.consume(options),
    async close() {
      for (const { giveUp } of waiting) giveUp();
      waiting = [];
      await inner.close();
    },
  };
}
