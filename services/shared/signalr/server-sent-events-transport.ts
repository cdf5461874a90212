import type { ServerResponse } from 'node:http';
import type { Ticker } from './ticker.ts';
import type { Transport, TransportListener } from './transport.ts';

const lineFeed = 0x0a;
const field = Buffer.from('data: ');
const lineEnd = Buffer.from('\r\n');

export class ServerSentEventsTransport implements Transport {
  readonly name = 'ServerSentEvents';
  readonly binary = false;
  readonly inherentKeepAlive = false;
  readonly #response: ServerResponse;
  readonly #ticker: Ticker;
  readonly #closeTicks: number;
  #endedAt: number | undefined;

  constructor(response: ServerResponse, listener: TransportListener, ticker: Ticker, closeTimeoutMs: number) {
    this.#response = response;
    this.#ticker = ticker;
    this.#closeTicks = ticker.ticks(closeTimeoutMs);
    response.on('error', () => {});
    // Clients leave by closing the stream, so that is a clean end.
    response.once('close', () => listener.closed());
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache,no-store',
      pragma: 'no-cache',
      'content-encoding': 'identity',
    });
    // Firefox reports an open stream only after its first bytes.
    response.write(':\r\n');
  }

  get bufferedBytes(): number {
    return this.#response.destroyed ? 0 : this.#response.writableLength;
  }

  send(bytes: Uint8Array): void {
    if (this.#endedAt !== undefined || this.#response.destroyed) return;
    this.#response.write(Buffer.concat([...dataLines(bytes), lineEnd]));
  }

  end(): void {
    if (this.#endedAt !== undefined) return;
    this.#endedAt = this.#ticker.now;
    this.#response.end();
  }

  abort(): void {
    this.#endedAt ??= this.#ticker.now;
    this.#response.destroy();
  }

  pause(): void {}
  resume(): void {}

  tick(now: number): void {
    if (this.#endedAt !== undefined && now - this.#endedAt >= this.#closeTicks) this.#response.destroy();
  }
}

function dataLines(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
    parts.push(field, bytes.subarray(start, end), lineEnd);
    start = end + 1;
  }
  parts.push(field, bytes.subarray(start), lineEnd);
  return parts;
}
