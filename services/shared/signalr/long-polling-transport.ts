import type { ServerResponse } from 'node:http';
import { answer, noCache } from './http-answer.ts';
import type { SignalRLimits } from './limits.ts';
import type { Ticker } from './ticker.ts';
import type { Transport, TransportListener } from './transport.ts';

type Poll = { readonly response: ServerResponse; readonly since: number };

/** What is sent waits for a poll; a poll waits for what is sent, or ends empty and is followed by the next. */
export class LongPollingTransport implements Transport {
  readonly name = 'LongPolling';
  readonly binary = true;
  readonly inherentKeepAlive = true;
  readonly #listener: TransportListener;
  readonly #ticker: Ticker;
  readonly #pollTicks: number;
  readonly #absenceTicks: number;
  readonly #slowTicks: number;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #flushScheduled = false;
  #held: Poll | undefined;
  /** The answer with data that the client is still taking. */
  #answering: ServerResponse | undefined;
  #lastSeen: number;
  #ending = false;
  #closed = false;

  constructor(listener: TransportListener, ticker: Ticker, limits: SignalRLimits) {
    this.#listener = listener;
    this.#ticker = ticker;
    this.#pollTicks = ticker.ticks(limits.pollTimeoutMs);
    this.#absenceTicks = ticker.ticks(limits.disconnectTimeoutMs);
    this.#slowTicks = ticker.ticks(limits.clientTimeoutMs);
    this.#lastSeen = ticker.now;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + (this.#answering?.writableLength ?? 0);
  }

  /** The first poll only says that the connection is there: its answer tells the client to go on. */
  open(response: ServerResponse): void {
    this.#empty(response, 200);
  }

  /** Takes the client's next poll; an older one that is still held ends. */
  poll(response: ServerResponse): void {
    this.#release(204);
    this.#lastSeen = this.#ticker.now;
    if (this.#closed || (this.#ending && this.#queuedBytes === 0)) {
      this.#empty(response, 204);
      this.#close();
      return;
    }
    const held = { response, since: this.#ticker.now };
    this.#held = held;
    response.once('close', () => {
      if (this.#held !== held) return;
      this.#held = undefined;
      this.#lastSeen = this.#ticker.now;
    });
    if (this.#queuedBytes > 0) this.#flush();
  }

  send(bytes: Uint8Array): void {
    if (this.#ending || this.#closed) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    // What is written in one turn of the event loop shares a poll.
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  /** What is queued goes out with this poll or the next one; the one after that is told to stop. */
  end(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    if (this.#queuedBytes > 0) {
      this.#flush();
    } else if (this.#held) {
      this.#release(204);
      this.#close();
    }
  }

  abort(): void {
    this.#ending = true;
    this.#release(204);
    this.#answering?.destroy();
    this.#close();
  }

  pause(): void {}
  resume(): void {}

  tick(now: number): void {
    if (this.#held) {
      if (now - this.#held.since >= this.#pollTicks) this.#release(200);
      return;
    }
    if (now - this.#lastSeen < (this.#answering ? this.#slowTicks : this.#absenceTicks)) return;
    const error = this.#ending ? undefined : new Error('client stopped polling');
    this.#answering?.destroy();
    this.#close(error);
  }

  #flush(): void {
    if (!this.#held || this.#queuedBytes === 0) return;
    const { response } = this.#held;
    this.#held = undefined;
    this.#lastSeen = this.#ticker.now;
    const body = this.#queue.length === 1 ? this.#queue[0] : Buffer.concat(this.#queue);
    this.#queue = [];
    this.#answering = response;
    response.once('close', () => {
      if (this.#answering !== response) return;
      this.#answering = undefined;
      this.#lastSeen = this.#ticker.now;
    });
    response.writeHead(200, {
      ...noCache,
      'content-type': 'application/octet-stream',
      'content-length': this.#queuedBytes,
    });
    this.#queuedBytes = 0;
    response.end(body);
  }

  #release(status: 200 | 204): void {
    const held = this.#held;
    this.#held = undefined;
    this.#lastSeen = this.#ticker.now;
    if (held) this.#empty(held.response, status);
  }

  #empty(response: ServerResponse, status: 200 | 204): void {
    answer(response, { status, headers: noCache });
  }

  #close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#listener.closed(error);
  }
}
