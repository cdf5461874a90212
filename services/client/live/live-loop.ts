import { type Backoff, backoffMs } from '../backoff.ts';
import type { Clock, Timer } from '../clock.ts';
import { SignedOutError, type TokenSource } from '../rest/token-source.ts';
import {
  type HubName,
  type LiveConnection,
  LiveEndedError,
  LiveRefusedError,
  type OpenLive,
} from './live-connection.ts';

export type ConnectionStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected'; readonly transport: string }
  /** `retryAt`: milliseconds since 1970. */
  | { readonly state: 'waiting'; readonly reason: string; readonly attempt: number; readonly retryAt: number }
  /** No token any more: it begins anew with another client. */
  | { readonly state: 'signed-out'; readonly reason: string }
  /** The server said to stay away (banned, too many connections): only `retryNow` tries again. */
  | { readonly state: 'ended'; readonly reason: string }
  | { readonly state: 'stopped' };

export type LiveLoopOptions<Answer> = {
  readonly baseUrl: string;
  readonly hub: HubName;
  readonly open: OpenLive;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  /** @default between 250 ms and 30 s, full jitter, forever */
  readonly backoff?: Backoff | undefined;
  readonly owner: LiveOwner<Answer>;
};

export interface LiveOwner<Answer> {
  status(status: ConnectionStatus): void;
  /** As `LiveHandlers.called`, of the present connection only. */
  called(method: string, args: readonly unknown[]): void;
  /** Subscribes and changes nothing yet: the connection may be another one when the answer comes. A rejection ends it. */
  subscribe(live: LiveConnection): Promise<Answer>;
  /** After each subscription on the present connection: the time to read what was missed. */
  subscribed(answer: Answer): void;
  /** The connection is no more, for whatever reason. */
  lost(): void;
}

const openTimeoutMs = 20_000;
const probeTimeoutMs = 10_000;
/** A connection that lived this long starts the backoff anew. */
const steadyAfterMs = 5_000;

/** Keeps one live connection: opens it, subscribes, and opens another when it ends. Forever, until `stop` or the end of the token. */
export class LiveLoop<Answer> {
  readonly #options: LiveLoopOptions<Answer>;
  readonly #backoff: Backoff;
  #status: ConnectionStatus = { state: 'connecting' };
  #live: LiveConnection | undefined;
  #attempt = 0;
  #retry: Timer | undefined;
  #probing: Timer | undefined;
  #opening: AbortController | undefined;
  /** Grows with each connection, so that what belongs to an ended one does nothing. */
  #life = 0;

  constructor(options: LiveLoopOptions<Answer>) {
    this.#options = options;
    this.#backoff = options.backoff ?? { baseMs: 500, capMs: 30_000 };
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** undefined before the subscription and after the end. */
  get live(): LiveConnection | undefined {
    return this.#live;
  }

  start(): void {
    void this.#connect();
  }

  stop(): void {
    this.#end({ state: 'stopped' });
  }

  /** There is no token any more. */
  signOut(reason: string): void {
    this.#end({ state: 'signed-out', reason });
  }

  /** Tries at once instead of waiting: the network is back, or somebody asked for it. */
  retryNow(): void {
    if (this.#status.state !== 'waiting' && this.#status.state !== 'ended') return;
    this.#retry?.cancel();
    void this.#connect();
  }

  /** What the connection is subscribed to is no more: opens another one, after a while. false: there is none. */
  restart(reason: string): boolean {
    if (!this.#live) return false;
    this.#lost(reason);
    return true;
  }

  /** After a sleep nobody knows whether the connection lives: subscribes again, or opens another if that is not answered. */
  wake(): void {
    this.retryNow();
    const live = this.#live;
    if (!live || this.#probing) return;
    const life = this.#life;
    const mine = () => life === this.#life;
    this.#probing = this.#options.clock.after(probeTimeoutMs, () => mine() && this.#lost('the server does not answer'));
    this.#options.owner.subscribe(live).then(
      (answer) => {
        if (!mine()) return;
        this.#endProbe();
        this.#options.owner.subscribed(answer);
      },
      (error: unknown) => mine() && this.#lost(textOf(error)),
    );
  }

  async #connect(): Promise<void> {
    const { open, baseUrl, hub, tokens, clock, owner } = this.#options;
    this.#life += 1;
    const life = this.#life;
    const mine = () => life === this.#life;
    if (this.#status.state !== 'waiting') this.#set({ state: 'connecting' });
    let token = '';
    const opening = new AbortController();
    this.#opening = opening;
    const overdue = clock.after(openTimeoutMs, () => mine() && this.#lost('the server does not answer'));
    try {
      const live = await open({
        baseUrl,
        hub,
        token: async () => {
          token = await tokens.token();
          return token;
        },
        signal: opening.signal,
        handlers: {
          called: (method, args) => mine() && owner.called(method, args),
          transport: (transport) => mine() && this.#set({ state: 'connected', transport }),
          closed: (reason, comeBack) => {
            if (!mine()) return;
            if (comeBack) this.#lost(reason);
            else this.#end({ state: 'ended', reason });
          },
        },
      });
      if (!mine()) {
        live.close();
        return;
      }
      this.#live = live;
      const answer = await owner.subscribe(live);
      overdue.cancel();
      if (!mine()) return;
      clock.after(steadyAfterMs, () => {
        if (mine()) this.#attempt = 0;
      });
      owner.subscribed(answer);
    } catch (error) {
      overdue.cancel();
      if (!mine()) return;
      if (error instanceof LiveRefusedError) await this.#refused(token, error);
      else if (error instanceof SignedOutError) this.signOut(error.message);
      else if (error instanceof LiveEndedError) this.#end({ state: 'ended', reason: error.message });
      else this.#lost(textOf(error));
    }
  }

  async #refused(token: string, error: LiveRefusedError): Promise<void> {
    const life = this.#life;
    try {
      await this.#options.tokens.refused(token);
      if (life === this.#life) this.#lost(error.message);
    } catch (renewal) {
      if (life !== this.#life) return;
      if (renewal instanceof SignedOutError) this.signOut(renewal.message);
      else this.#lost(textOf(renewal));
    }
  }

  #lost(reason: string): void {
    const { clock } = this.#options;
    this.#release();
    const delayMs = backoffMs(this.#attempt, this.#backoff);
    this.#attempt += 1;
    this.#retry = clock.after(delayMs, () => void this.#connect());
    this.#set({ state: 'waiting', reason, attempt: this.#attempt, retryAt: clock.now() + delayMs });
  }

  #end(status: ConnectionStatus): void {
    this.#release();
    this.#set(status);
  }

  #release(): void {
    this.#life += 1;
    this.#retry?.cancel();
    this.#endProbe();
    this.#opening?.abort();
    this.#live?.close();
    this.#live = undefined;
    this.#options.owner.lost();
  }

  #endProbe(): void {
    this.#probing?.cancel();
    this.#probing = undefined;
  }

  #set(status: ConnectionStatus): void {
    this.#status = status;
    this.#options.owner.status(status);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
