import type { Backplane, BackplaneState, BackplaneSubscription, FrameListener } from './backplane.ts';

/** A backplane for tests of its users: they hand over frames themselves, and take it down and up. */
export class ScriptedBackplane implements Backplane {
  state: BackplaneState = 'up';
  readonly #channels = new Map<string, Set<FrameListener>>();
  readonly #stateListeners: ((state: BackplaneState) => void)[] = [];
  readonly #waiting: (() => void)[] = [];

  get channels(): readonly string[] {
    return [...this.#channels.keys()];
  }

  /** At once, whatever the state. */
  deliver(channel: string, frame: Uint8Array): void {
    for (const listener of this.#channels.get(channel) ?? []) listener(frame);
  }

  goDown(): void {
    this.state = 'down';
    for (const listener of this.#stateListeners) listener('down');
  }

  comeUp(): void {
    this.state = 'up';
    for (const resolve of this.#waiting.splice(0)) resolve();
    for (const listener of this.#stateListeners) listener('up');
  }

  async publish(channel: string, frame: Uint8Array): Promise<void> {
    this.deliver(channel, frame);
  }

  async publishMany(channels: readonly string[], frame: Uint8Array): Promise<void> {
    for (const channel of channels) await this.publish(channel, frame);
  }

  async subscribe(channel: string, listener: FrameListener): Promise<BackplaneSubscription> {
    if (this.state === 'down') await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(listener));
    return {
      unsubscribe: () => {
        listeners.delete(listener);
        if (listeners.size === 0) this.#channels.delete(channel);
      },
    };
  }

  onStateChange(listener: (state: BackplaneState) => void): void {
    this.#stateListeners.push(listener);
  }

  async close(): Promise<void> {
    this.#channels.clear();
  }
}
