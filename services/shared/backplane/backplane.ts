/** Port: live frames between processes. At most once: what is lost is repaired from the store (decision 7). */
export interface Backplane {
  /**
   * Hands `frame` to every process that is subscribed to `channel`, this one included. Resolves when the backplane took
   * it; rejects with `unavailable` at once when it is down: nothing is kept for later. Frames of one publisher on one
   * channel arrive in order.
   */
  publish(channel: string, frame: Uint8Array): Promise<void>;
  /** The same on each channel, handed over together. After a rejection some of them may have it. */
  publishMany(channels: readonly string[], frame: Uint8Array): Promise<void>;
  /**
   * Resolves once every frame published from now on reaches `listener`. While the backplane is down it stays pending,
   * and is kept: it becomes active on heal. Listeners of one channel share one subscription on the wire.
   */
  subscribe(channel: string, listener: FrameListener): Promise<BackplaneSubscription>;
  /** `down` while frames may be getting lost; `up` again once all subscriptions are back: time to compare heads. */
  onStateChange(listener: (state: BackplaneState) => void): void;
  readonly state: BackplaneState;
  /** Ends all subscriptions; pending calls reject. */
  close(): Promise<void>;
}

/** Returns quickly and never throws: frames of all channels wait for it. */
export type FrameListener = (frame: Uint8Array) => void;
export type BackplaneState = 'up' | 'down';
export type BackplaneSubscription = { unsubscribe(): void };
