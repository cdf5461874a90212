import { PlatformError } from '#shared/contract/errors.ts';
import type { Backplane, FrameListener } from './backplane.ts';

/** For one process: whoever holds this object is connected. Always `up`. */
export function createMemoryBackplane(): Backplane {
  return new MemoryBackplane();
}

class MemoryBackplane implements Backplane {
  readonly state = 'up';
  #channels = new Map<string, Set<{ readonly listener: FrameListener }>>();
  #closed = false;

  async publish(channel: string, frame: Uint8Array): Promise<void> {
    this.#refuseWhenClosed();
    for (const entry of this.#channels.get(channel) ?? []) {
      // Not within the publisher's call, as with every other backplane.
      queueMicrotask(() => {
        if (this.#channels.get(channel)?.has(entry)) entry.listener(frame);
      });
    }
  }

  async publishMany(channels: readonly string[], frame: Uint8Array): Promise<void> {
    this.#refuseWhenClosed();
    await Promise.all(channels.map((channel) => this.publish(channel, frame)));
  }

  async subscribe(channel: string, listener: FrameListener): Promise<{ unsubscribe(): void }> {
    this.#refuseWhenClosed();
    const entry = { listener };
    const entries = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, entries.add(entry));
    return {
      unsubscribe: () => {
        entries.delete(entry);
        if (entries.size === 0 && this.#channels.get(channel) === entries) this.#channels.delete(channel);
      },
    };
  }

  onStateChange(): void {}

  async close(): Promise<void> {
    this.#closed = true;
    this.#channels.clear();
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new PlatformError('unavailable', 'the backplane is closed');
  }
}
