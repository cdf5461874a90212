import type { Clock, Timer } from '../clock.ts';
import { randomId } from '../random-id.ts';
import type { LiveConnection, LiveHandlers, LiveOptions, OpenLive } from './live-connection.ts';
import type { TabChannel, TabMessage } from './tab-channel.ts';

export type Tabs = {
  readonly channel: TabChannel;
  readonly locks: Pick<LockManager, 'request'>;
  /** Of the lock that the leader holds. */
  readonly name: string;
  readonly clock: Clock;
};

const joinAgainMs = 500;
/** A tab that has the lock and says nothing for so long is frozen. */
const patienceMs = 5_000;
/** What a leader says at its end may come after its lock is free. */
const lastWordsMs = 250;
const gone = 'the tab that held the connection is gone';

/** Speaks through the tab that has the connection; where that one is frozen, through a connection of its own. */
export async function follow(open: OpenLive, options: LiveOptions, tabs: Tabs): Promise<LiveConnection> {
  const follower = new Follower(options.handlers, tabs);
  const joined = await follower.join();
  if (!joined) return open(options);
  options.handlers.transport(joined.transport);
  return follower;
}

type Joined = { readonly transport: string };
type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

class Follower implements LiveConnection {
  readonly #tab = randomId();
  readonly #tabs: Tabs;
  readonly #calls = new Map<number, Waiting>();
  readonly #leaderGone = new AbortController();
  #handlers: LiveHandlers | undefined;
  #leader = '';
  #lastWords: Timer | undefined;
  #ids = 0;

  constructor(handlers: LiveHandlers, tabs: Tabs) {
    this.#handlers = handlers;
    this.#tabs = tabs;
  }

  /** undefined: the leader does not answer. Rejects when its connection ends first. */
  join(): Promise<Joined | undefined> {
    const { channel, locks, name, clock } = this.#tabs;
    return new Promise((resolve, reject) => {
      let again: Timer;
      let patience: Timer;
      const settle = () => {
        again.cancel();
        patience.cancel();
      };
      const fail = (reason: string) => {
        settle();
        this.#release(reason);
        reject(new Error(reason));
      };
      const wait = () =>
        clock.after(patienceMs, () => {
          settle();
          this.#release(gone);
          resolve(undefined);
        });
      const ask = () => {
        channel.post({ kind: 'join', tab: this.#tab });
        again = clock.after(joinAgainMs, ask);
      };
      channel.listen((message) => {
        if (this.#leader !== '') this.#take(message);
        else if (message.kind === 'closed') fail(message.reason);
        else if (message.kind === 'opening' && message.to === this.#tab) {
          patience.cancel();
          patience = wait();
        } else if (message.kind === 'joined' && message.to === this.#tab) {
          this.#leader = message.leader;
          settle();
          resolve(message);
        }
      });
      // Granted means that nobody holds it any more: the connection is gone, however its tab ended.
      locks
        .request(name, { signal: this.#leaderGone.signal }, () => {
          this.#lastWords = clock.after(lastWordsMs, () => (this.#leader === '' ? fail(gone) : this.#end(gone, true)));
        })
        .catch(() => undefined);
      patience = wait();
      ask();
    });
  }

  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    if (!this.#handlers) return Promise.reject(new Error(gone));
    this.#ids += 1;
    const id = this.#ids;
    this.#tabs.channel.post({ kind: 'call', leader: this.#leader, tab: this.#tab, id, method, args });
    return new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
  }

  tell(method: string, ...args: readonly unknown[]): void {
    this.#tabs.channel.post({ kind: 'tell', leader: this.#leader, method, args });
  }

  close(): void {
    this.#tabs.channel.post({ kind: 'left', leader: this.#leader, tab: this.#tab });
    this.#release('closed');
  }

  #take(message: TabMessage): void {
    if (!('leader' in message) || message.leader !== this.#leader) return;
    if (message.kind === 'called') this.#handlers?.called(message.method, message.args);
    if (message.kind === 'transport') this.#handlers?.transport(message.transport);
    if (message.kind === 'closed') this.#end(message.reason, message.comeBack);
    if (message.kind !== 'answer' || message.to !== this.#tab) return;
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    if (message.error === undefined) call?.resolve(message.value);
    else call?.reject(new Error(message.error));
  }

  #end(reason: string, comeBack: boolean): void {
    const handlers = this.#handlers;
    this.#release(reason);
    handlers?.closed(reason, comeBack);
  }

  #release(reason: string): void {
    this.#handlers = undefined;
    this.#leaderGone.abort();
    this.#lastWords?.cancel();
    this.#tabs.channel.close();
    for (const { reject } of this.#calls.values()) reject(new Error(reason));
    this.#calls.clear();
  }
}
