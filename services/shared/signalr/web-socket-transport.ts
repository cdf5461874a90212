import type { WebSocket } from 'ws';
import type { Transport, TransportListener } from './transport.ts';

const cleanCodes = new Set([1000, 1001, 1005]);

export class WebSocketTransport implements Transport {
  readonly name = 'WebSockets';
  readonly binary = true;
  readonly inherentKeepAlive = false;
  readonly #socket: WebSocket;
  #ending = false;

  constructor(socket: WebSocket, listener: TransportListener) {
    this.#socket = socket;
    socket.on('message', (data) => listener.received(data as Buffer));
    // A protocol fault: ws answers it with its close code and emits 'close' as well.
    socket.on('error', () => {});
    socket.on('close', (code) => {
      const clean = this.#ending || cleanCodes.has(code);
      listener.closed(clean ? undefined : new Error(`WebSocket closed with status code ${code}`));
    });
  }

  get bufferedBytes(): number {
    return this.#socket.readyState === this.#socket.CLOSED ? 0 : this.#socket.bufferedAmount;
  }

  send(bytes: Uint8Array, text: boolean): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(bytes, { binary: !text }, () => {});
  }

  /** ws cuts the socket after its own close time-out. */
  end(): void {
    this.#ending = true;
    this.resume();
    this.#socket.close(1000);
  }

  abort(): void {
    this.#ending = true;
    this.#socket.terminate();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  tick(): void {}
}
