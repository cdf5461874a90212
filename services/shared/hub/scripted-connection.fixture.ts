import type { UserId } from '#shared/contract/ids.ts';
import type { ClientConnection, ClientProtocol, CloseReason, EncodedMessage } from './client-connection.ts';

/** Writes `method argument argument…`, and counts how often it was asked to. */
export class ScriptedProtocol implements ClientProtocol {
  readonly name: string;
  encodings = 0;

  constructor(name = 'scripted') {
    this.name = name;
  }

  encode(method: string, args: readonly Uint8Array[]): EncodedMessage {
    this.encodings += 1;
    const payload = [method, ...args.map((json) => Buffer.from(json).toString())].join(' ');
    return { payload, bytes: payload.length };
  }
}

let made = 0;

/** A client that keeps what it was written, for tests of the hub. */
export class ScriptedConnection implements ClientConnection {
  readonly id = `connection-${++made}`;
  readonly principal: ClientConnection['principal'];
  readonly protocol: ClientProtocol;
  readonly transport = 'WebSockets';
  bufferedBytes = 0;
  /** Set: the client takes nothing, all that is written stays buffered. */
  stuck = false;
  /** One entry per transport write. */
  readonly writes: string[][] = [];
  closedBy: CloseReason | undefined;
  onClose: () => void = () => {};

  constructor(user: string, options: { protocol?: ClientProtocol; expiresAt?: number } = {}) {
    this.principal = {
      user: user as UserId,
      tokenId: undefined,
      expiresAt: options.expiresAt ?? Number.MAX_SAFE_INTEGER,
    };
    this.protocol = options.protocol ?? new ScriptedProtocol();
  }

  get received(): string[] {
    return this.writes.flat();
  }

  write(messages: readonly EncodedMessage[]): void {
    if (this.closedBy) return;
    if (this.stuck) for (const { bytes } of messages) this.bufferedBytes += bytes;
    else this.writes.push(messages.map(({ payload }) => String(payload)));
  }

  close(reason: CloseReason): void {
    this.closedBy ??= reason;
    this.onClose();
  }
}
