import type { Principal } from '#shared/auth/principal.ts';
import type { StreamId, UserId } from '#shared/contract/ids.ts';
import type { ClientConnection, ClientProtocol, CloseReason, EncodedMessage } from './client-connection.ts';
import type { EncodedCall } from './encoded-call.ts';
import type { Flusher } from './flusher.ts';

/** Of its cap: whoever is further behind gets no droppable message. */
const droppableShare = 1 / 4;

/** One connection in the hub: which streams it is in, and what waits to be written to it. */
export class Member {
  readonly connection: ClientConnection;
  /** Of the newest token that the client has shown. */
  principal: Principal;
  readonly streams: readonly StreamId[];
  /** Streams whose changes it wants to hear of. */
  readonly cursorStreams = new Set<StreamId>();
  /** It called `SubscribeChat`: changes, receipts and memberships of all conversations are for it too. */
  chatSubscribed = false;
  /** It will be closed for a stream that began anew. */
  mustReload = false;
  readonly joinedAt: number;
  /** As the gauge of connections has it. */
  transport: string;
  endedBy: CloseReason | undefined;
  readonly #maxQueuedBytes: number;
  readonly #flusher: Flusher;
  #queue: EncodedMessage[] = [];
  #queuedBytes = 0;

  constructor(
    connection: ClientConnection,
    streams: readonly StreamId[],
    options: { readonly maxQueuedBytes: number; readonly flusher: Flusher; readonly now: number },
  ) {
    this.connection = connection;
    this.principal = connection.principal;
    this.streams = streams;
    this.transport = connection.transport;
    this.joinedAt = options.now;
    this.#maxQueuedBytes = options.maxQueuedBytes;
    this.#flusher = options.flusher;
  }

  get user(): UserId {
    return this.connection.principal.user;
  }

  /** False when the client is further behind than its cap: nothing more is kept for it. */
  enqueue(message: EncodedMessage): boolean {
    if (this.endedBy) return true;
    if (this.#queuedBytes + message.bytes + this.connection.bufferedBytes > this.#maxQueuedBytes) {
      this.#queue = [];
      this.#queuedBytes = 0;
      return false;
    }
    if (this.#queue.length === 0) this.#flusher.mark(this);
    this.#queue.push(message);
    this.#queuedBytes += message.bytes;
    return true;
  }

  /** False when the client is well behind: then nothing is kept for it, and nothing encoded. */
  enqueueDroppable(call: EncodedCall, protocol: ClientProtocol): boolean {
    if (this.endedBy) return true;
    if (this.#queuedBytes + this.connection.bufferedBytes > this.#maxQueuedBytes * droppableShare) return false;
    return this.enqueue(call.for(protocol));
  }

  flush(): void {
    if (this.#queue.length === 0) return;
    const batch = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.connection.write(batch);
  }

  close(reason: CloseReason): void {
    if (this.endedBy) return;
    // A slow client could not take it, a revoked one must not have it.
    if (reason === 'slow' || reason === 'revoked') this.#queue = [];
    else this.flush();
    this.endedBy = reason;
    this.connection.close(reason);
  }
}
