import { ProtocolError } from './hub-error.ts';
import type { SignalRLimits } from './limits.ts';
import type { Ticker } from './ticker.ts';

/** When one connection last heard and spoke, in ticks. */
export class KeepAlive {
  readonly #ticker: Ticker;
  readonly #limits: SignalRLimits;
  readonly #startedAt: number;
  #receivedAt: number;
  #sentAt: number;
  #minuteAt: number;
  #messagesThisMinute = 0;

  constructor(ticker: Ticker, limits: SignalRLimits) {
    this.#ticker = ticker;
    this.#limits = limits;
    this.#startedAt = ticker.now;
    this.#receivedAt = ticker.now;
    this.#sentAt = ticker.now;
    this.#minuteAt = ticker.now;
  }

  received(): void {
    this.#receivedAt = this.#ticker.now;
  }

  sent(): void {
    this.#sentAt = this.#ticker.now;
  }

  /** @throws ProtocolError when the client sends more than it may */
  countMessage(): void {
    const { maxMessagesPerMinute } = this.#limits;
    if (maxMessagesPerMinute === Number.POSITIVE_INFINITY) return;
    if (this.#passed(this.#minuteAt, 60_000)) {
      this.#minuteAt = this.#ticker.now;
      this.#messagesThisMinute = 0;
    }
    if (++this.#messagesThisMinute > maxMessagesPerMinute) {
      throw new ProtocolError('too many messages', { detail: 'Too many messages.' });
    }
  }

  get handshakeOverdue(): boolean {
    return this.#passed(this.#startedAt, this.#limits.handshakeTimeoutMs);
  }

  get clientOverdue(): boolean {
    return this.#passed(this.#receivedAt, this.#limits.clientTimeoutMs);
  }

  get pingDue(): boolean {
    return this.#passed(this.#sentAt, this.#limits.keepAliveMs);
  }

  #passed(since: number, ms: number): boolean {
    return this.#ticker.now - since >= this.#ticker.ticks(ms);
  }
}
