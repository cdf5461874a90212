import type { Socket } from 'socket.io';
import type { Principal } from '#shared/auth/principal.ts';
import {
  type ClientConnection,
  type ClientProtocol,
  type CloseReason,
  closeReasons,
  type EncodedMessage,
} from '#shared/hub/client-connection.ts';

/** What socket.io-parser's encoder writes for an event with JSON arguments in namespace `/`. */
const socketIo: ClientProtocol = {
  name: 'socket.io',
  encode(method, args) {
    const texts = args.map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength).toString(),
    );
    const payload = `2[${[JSON.stringify(method), ...texts].join(',')}]`;
    return { payload, bytes: Buffer.byteLength(payload) };
  },
};

const transports: Readonly<Record<string, string>> = { websocket: 'WebSockets', polling: 'LongPolling' };

/** The part of a stock server-side socket that is used. */
type EdgeSocket = Pick<Socket, 'id' | 'conn' | 'disconnect'>;

/** A socket.io client as the hub sees it. Writes go past the stock encoder, so that all clients share one encoded text. */
export class SocketIoClient implements ClientConnection {
  readonly principal: Principal;
  readonly protocol = socketIo;
  readonly #socket: EdgeSocket;
  #bufferedBytes = 0;

  constructor(socket: EdgeSocket, principal: Principal) {
    this.#socket = socket;
    this.principal = principal;
  }

  get id(): string {
    return this.#socket.id;
  }

  get transport(): string {
    const { name } = this.#socket.conn.transport;
    return transports[name] ?? name;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  write(messages: readonly EncodedMessage[]): void {
    for (const { payload, bytes } of messages) {
      this.#bufferedBytes += bytes;
      this.#socket.conn.write(payload as string, { compress: false }, () => {
        this.#bufferedBytes -= bytes;
      });
    }
  }

  close(reason: CloseReason): void {
    // A stock client comes back after a lost transport, and stays away after a DISCONNECT packet.
    if (!closeReasons[reason].reconnect) this.#socket.disconnect(true);
    else this.#socket.conn.close(reason === 'slow' || this.#mayBeGone);
  }

  /** Between two polls with nothing to flush: the next poll may go elsewhere, and the library would wait for it. */
  get #mayBeGone(): boolean {
    const { name, writable } = this.#socket.conn.transport;
    return name === 'polling' && !writable && this.#bufferedBytes === 0;
  }
}
