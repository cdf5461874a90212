import { ByteQueue } from './byte-queue.ts';
import type { Clock } from './clock.ts';
import { type Dispatcher, type ErrorListener, isThenable } from './dispatcher.ts';
import { hubProtocols } from './encode-invocation.ts';
import { handshakeAccepted, handshakeCanceled, handshakeRefused, readHandshake } from './handshake.ts';
import type { CloseOptions, HubProtocolName, HubTransportName, SignalRConnection, SignalRHub } from './hub.ts';
import { ProtocolError } from './hub-error.ts';
import type { HubMessage } from './hub-message.ts';
import type { HubProtocol } from './hub-protocol.ts';
import { KeepAlive } from './keep-alive.ts';
import type { SignalRLimits } from './limits.ts';
import { OutgoingHold } from './outgoing-hold.ts';
import type { Ticker, Ticking } from './ticker.ts';
import type { Transport, TransportListener } from './transport.ts';

/** Undispatched bytes of one client from which on nothing more is read from it. */
const backlogBytes = 64 * 1024;

export type ConnectionContext<Identity> = {
  readonly path: string;
  readonly hub: SignalRHub<Identity>;
  readonly dispatcher: Dispatcher<Identity>;
  readonly limits: SignalRLimits;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly onError: ErrorListener;
};

/** One client over any transport: handshake, messages in and out, end. */
export class HubConnection<Identity> implements SignalRConnection<Identity>, TransportListener, Ticking {
  readonly id: string;
  readonly #context: ConnectionContext<Identity>;
  readonly #transport: Transport;
  readonly #onClosed: () => void;
  readonly #keepAlive: KeepAlive;
  readonly #input = new ByteQueue();
  /** Bytes of the input in which no message ends. */
  #scanned = 0;
  #identity: Identity;
  #protocol: HubProtocol | undefined;
  #hold: OutgoingHold | undefined;
  /** A method or `onConnected` is under way: input waits. */
  #busy = false;
  #paused = false;
  #waiting: (() => void)[] = [];
  #welcomed = false;
  #ended = false;
  #endError: Error | undefined;

  constructor(
    id: string,
    identity: Identity,
    context: ConnectionContext<Identity>,
    makeTransport: (listener: TransportListener) => Transport,
    onClosed: () => void,
  ) {
    this.id = id;
    this.#identity = identity;
    this.#context = context;
    this.#onClosed = onClosed;
    this.#keepAlive = new KeepAlive(context.ticker, context.limits);
    this.#transport = makeTransport(this);
    context.ticker.add(this);
  }

  get identity(): Identity {
    return this.#identity;
  }

  get protocol(): HubProtocolName {
    return this.#protocol?.name ?? 'json';
  }

  get transport(): HubTransportName {
    return this.#transport.name;
  }

  get bufferedBytes(): number {
    return (this.#hold?.bytes ?? 0) + this.#transport.bufferedBytes;
  }

  get ended(): boolean {
    return this.#ended;
  }

  setIdentity(identity: Identity): void {
    this.#identity = identity;
  }

  write(messages: readonly Uint8Array[]): void {
    if (this.#ended || messages.length === 0) return;
    if (this.#hold?.expired) this.#hold = undefined;
    if (this.#hold) this.#hold.add(messages);
    else this.#send(messages);
  }

  close({ error, allowReconnect = false }: CloseOptions = {}): void {
    this.#close(error, allowReconnect);
  }

  /** Ends without a word, as when the client sent DELETE or the process cannot wait. */
  abort(): void {
    this.#end(undefined);
    this.#transport.abort();
  }

  received(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#keepAlive.received();
    this.#input.append(bytes);
    if (!this.#busy) this.#read();
    else if (this.#input.length > backlogBytes && !this.#paused) {
      this.#paused = true;
      this.#transport.pause();
    }
  }

  /** Resolves once the client may send on; undefined when it may already. */
  drained(): Promise<void> | undefined {
    if (this.#ended || this.#input.length <= backlogBytes) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  closed(error?: Error): void {
    this.#end(error);
    this.#context.ticker.remove(this);
    this.#onClosed();
  }

  tick(now: number): void {
    this.#transport.tick(now);
    if (this.#ended) return;
    if (!this.#protocol) {
      if (this.#keepAlive.handshakeOverdue) this.#refuse(handshakeCanceled);
    } else if (this.#transport.inherentKeepAlive) {
      return;
    } else if (this.#keepAlive.clientOverdue && !this.#paused) {
      this.#close(undefined, true, new Error('client has not sent a message within the client time-out'));
    } else if (this.#keepAlive.pingDue) {
      this.#send([this.#protocol.ping]);
    }
  }

  #read(): void {
    try {
      while (this.#input.length > 0 && !this.#busy && !this.#ended) {
        if (!(this.#protocol ? this.#readMessage(this.#protocol) : this.#readHandshake())) break;
      }
    } catch (error) {
      this.#fail(error);
    }
    if (!this.#busy) this.#input.settle();
    this.#takeMore();
  }

  #takeMore(): void {
    if (!this.#ended && this.#input.length > backlogBytes) return;
    if (this.#paused) {
      this.#paused = false;
      this.#keepAlive.received();
      this.#transport.resume();
    }
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #readHandshake(): boolean {
    const bytes = this.#input.peek();
    const { limits, hub, clock } = this.#context;
    const handshake = readHandshake(bytes, this.#scanned, this.#transport.binary, limits.maxMessageBytes);
    if (handshake.kind === 'incomplete') {
      this.#scanned = bytes.length;
      return false;
    }
    if (handshake.kind === 'refused') {
      this.#refuse(handshake.error);
      return false;
    }
    this.#consume(handshake.next);
    this.#protocol = hubProtocols[handshake.protocol];
    this.#send([handshakeAccepted]);
    if (hub.holdFirstMessageMs) {
      this.#hold = new OutgoingHold(clock, hub.holdFirstMessageMs, () => this.#letGo());
    }
    this.#welcome();
    return true;
  }

  #readMessage(protocol: HubProtocol): boolean {
    const { maxMessageBytes, maxDepth } = this.#context.limits;
    const bytes = this.#input.peek();
    const frame = protocol.frame(bytes, this.#scanned, maxMessageBytes);
    if (!frame) {
      this.#scanned = bytes.length;
      return false;
    }
    this.#keepAlive.countMessage();
    const message = protocol.decode(bytes.subarray(frame.start, frame.end), maxDepth);
    this.#consume(frame.next);
    // A client that speaks has finished its start; on long polling there is no such sign.
    if (this.#hold && !this.#transport.inherentKeepAlive) this.#letGo();
    this.#process(message, protocol);
    return true;
  }

  #consume(count: number): void {
    this.#input.consume(count);
    this.#scanned = 0;
  }

  #process(message: HubMessage, protocol: HubProtocol): void {
    if (message.kind === 'close') {
      this.#end(message.error === undefined ? undefined : new Error('client closed with an error'));
      this.#transport.end();
      return;
    }
    if (message.kind !== 'invocation' && message.kind !== 'streamInvocation') return;
    const { invocationId } = message;
    const pending = this.#context.dispatcher.invoke(this, message, (completion) => {
      if (invocationId !== undefined) this.#send([protocol.completion(invocationId, completion)]);
    });
    if (pending) this.#wait(pending);
  }

  #wait(pending: PromiseLike<unknown>): void {
    this.#busy = true;
    const goOn = () => {
      this.#busy = false;
      this.#read();
    };
    pending.then(goOn, goOn);
  }

  #welcome(): void {
    let result: unknown;
    try {
      result = this.#context.hub.onConnected(this);
    } catch (error) {
      this.#failWelcome(error);
      return;
    }
    if (isThenable(result)) {
      const settled = result.then(
        () => this.#finishWelcome(),
        (error: unknown) => this.#failWelcome(error),
      );
      this.#wait(settled);
    } else {
      this.#finishWelcome();
    }
  }

  #finishWelcome(): void {
    this.#welcomed = true;
    if (this.#ended) this.#sayGoodbye();
  }

  #failWelcome(error: unknown): void {
    this.#context.onError(error, { hub: this.#context.path, method: 'onConnected' });
    this.#close('Connection closed with an error.', false);
  }

  #fail(error: unknown): void {
    const text = 'Connection closed with an error.';
    if (error instanceof ProtocolError) {
      this.#close(error.detail ? `${text} ${error.detail}` : text, true, error);
    } else {
      this.#context.onError(error, { hub: this.#context.path, method: 'receive' });
      this.#close(text, true, new Error('connection failed on the server'));
    }
  }

  #refuse(error: string): void {
    this.#send([handshakeRefused(error)]);
    this.#end(undefined);
    this.#transport.end();
  }

  #close(text: string | undefined, allowReconnect: boolean, error?: Error): void {
    if (this.#ended) return;
    if (this.#hold) this.#letGo();
    if (this.#protocol) this.#send([this.#protocol.close(text, allowReconnect)]);
    this.#end(error);
    this.#transport.end();
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endError = error;
    this.#hold?.take();
    this.#hold = undefined;
    this.#input.clear();
    this.#takeMore();
    if (this.#welcomed) this.#sayGoodbye();
  }

  #sayGoodbye(): void {
    queueMicrotask(() => {
      try {
        this.#context.hub.onDisconnected(this, this.#endError);
      } catch (error) {
        this.#context.onError(error, { hub: this.#context.path, method: 'onDisconnected' });
      }
    });
  }

  #letGo(): void {
    const held = this.#hold?.take() ?? [];
    this.#hold = undefined;
    if (held.length > 0) this.#send(held);
  }

  #send(messages: readonly Uint8Array[]): void {
    if (this.#ended) return;
    const [first] = messages;
    if (!first) return;
    this.#keepAlive.sent();
    this.#transport.send(messages.length === 1 ? first : Buffer.concat(messages), !this.#protocol?.binary);
  }
}
