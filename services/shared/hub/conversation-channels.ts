import type { Backplane } from '#shared/backplane/backplane.ts';
import { conversationOfStream, type StreamId } from '#shared/contract/ids.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { decodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { decodeSignalFrame, type SignalFrame } from '#shared/contract/signal-frame.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { ChatUser } from './chat-user.ts';
import type { ConversationEntry } from './conversation-entry.ts';
import type { ConversationMembers } from './conversation-members.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Positions } from './positions.ts';
import type { Signals } from './signals.ts';

export type ConversationChannelsOptions = {
  readonly backplane: Backplane;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly positions: Positions<ConversationEntry>;
  readonly members: ConversationMembers;
  readonly signals: Signals;
  /** Makes it where there is none; undefined for what is no conversation's stream. */
  readonly entryOf: (stream: StreamId) => ConversationEntry | undefined;
  /** Anything about the entry changed. */
  readonly settle: (entry: ConversationEntry) => void;
};

/** What comes from the backplane: on the channels of users, of small conversations, and on those of large ones themselves. */
export class ConversationChannels {
  readonly #options: ConversationChannelsOptions;
  #closed = false;

  constructor(options: ConversationChannelsOptions) {
    this.#options = options;
  }

  /** Came on the channel of one who is here. */
  heard(user: ChatUser, bytes: Uint8Array): void {
    const { positions, members, metrics, entryOf } = this.#options;
    const signal = decodeSignalFrame(bytes);
    if (signal) {
      this.#signalFor(user, signal);
      return;
    }
    const frame = decodePushFrame(bytes);
    if (!frame || !conversationOfStream(frame.stream)) {
      metrics.frames.inc({ outcome: 'unreadable' });
      for (const entry of user.entries) positions.wantHead(entry);
      return;
    }
    const entry = entryOf(frame.stream);
    if (!entry) return;
    members.heardByFrame(user, frame, entry);
    this.#frame(entry, frame);
  }

  /** It is large: its rows come on its own channel from now on. */
  follow(entry: ConversationEntry): void {
    if (entry.large) return;
    entry.large = true;
    const { backplane, log, positions } = this.#options;
    backplane
      .subscribe(streamChannel(entry.stream), (bytes) => this.#heardOf(entry, bytes))
      .then(({ unsubscribe }) => {
        if (entry.dropped) return unsubscribe();
        entry.unsubscribe = unsubscribe;
        positions.wantHead(entry);
      })
      .catch((error: unknown) => {
        if (!this.#closed) log.error({ err: error }, 'subscribing a conversation failed');
      });
  }

  /** What can not be subscribed any more is no error. */
  close(): void {
    this.#closed = true;
  }

  #signalFor(user: ChatUser, signal: SignalFrame): void {
    const { positions, members, signals, entryOf, settle } = this.#options;
    if (signal.kind !== 'membership') {
      signals.toUser(signal, positions.get(signal.stream), user);
      return;
    }
    const entry = entryOf(signal.stream);
    if (!entry) return;
    members.heardBySignal(user, signal, entry);
    settle(entry);
  }

  #heardOf(entry: ConversationEntry, bytes: Uint8Array): void {
    const { positions, signals, metrics } = this.#options;
    const signal = decodeSignalFrame(bytes);
    if (signal) {
      if (signal.stream === entry.stream) signals.toAll(signal, entry);
      return;
    }
    const frame = decodePushFrame(bytes);
    if (frame?.stream === entry.stream) {
      this.#frame(entry, frame);
      return;
    }
    metrics.frames.inc({ outcome: 'unreadable' });
    positions.wantHead(entry);
  }

  #frame(entry: ConversationEntry, frame: PushFrame): void {
    const { positions, signals, settle } = this.#options;
    // Also of a row that is early: what it tells of the members counts now.
    if (frame.epoch === entry.position.place?.epoch) entry.gate.need(frame.members);
    positions.frame(entry, frame);
    if (frame.news) signals.keepNews(frame.news, frame.epoch, entry);
    settle(entry);
  }
}
