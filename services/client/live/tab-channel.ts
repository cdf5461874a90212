/** What tabs of one user say to one another; `leader` names one connection of the tab that has it. */
export type TabMessage =
  | { readonly kind: 'join'; readonly tab: string }
  | { readonly kind: 'joined' | 'opening'; readonly leader: string; readonly to: string; readonly transport: string }
  | { readonly kind: 'called'; readonly leader: string; readonly method: string; readonly args: readonly unknown[] }
  | { readonly kind: 'transport'; readonly leader: string; readonly transport: string }
  | { readonly kind: 'closed'; readonly leader: string; readonly reason: string; readonly comeBack: boolean }
  | {
      readonly kind: 'call';
      readonly leader: string;
      readonly tab: string;
      readonly id: number;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  | {
      readonly kind: 'answer';
      readonly leader: string;
      readonly to: string;
      readonly id: number;
      readonly value?: unknown;
      readonly error?: string;
    }
  | { readonly kind: 'tell'; readonly leader: string; readonly method: string; readonly args: readonly unknown[] }
  | { readonly kind: 'left'; readonly leader: string; readonly tab: string };

export type TabChannel = {
  /** After `close` it does nothing. */
  post(message: TabMessage): void;
  /** Of the other tabs. One listener. */
  listen(listener: (message: TabMessage) => void): void;
  close(): void;
};

/** Only code of this origin can speak here. */
export function tabChannel(channel: BroadcastChannel): TabChannel {
  let open = true;
  return {
    post(message) {
      if (open) channel.postMessage(message);
    },
    listen(listener) {
      channel.onmessage = ({ data }: MessageEvent<TabMessage>) => listener(data);
    },
    close() {
      open = false;
      channel.close();
    },
  };
}
