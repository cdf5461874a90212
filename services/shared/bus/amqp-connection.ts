import { type ChannelModel, connect } from 'amqplib';
import { type Backoff, backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { BusState } from './bus.ts';

export type AmqpConnectionOptions = {
  /** `amqp://` or `amqps://`, credentials and virtual host in it. Never logged. */
  readonly url: string;
  /** Shown in the broker's list of connections. */
  readonly name: string;
  readonly log: Logger;
  readonly backoff: Backoff;
};

const connectTimeoutMs = 10_000;
const closeTimeoutMs = 3_000;
const heartbeatSeconds = 10;
/** Shorter than that, and the next attempt waits longer than the one before. */
const stableAfterMs = 10_000;

/** One connection that comes back until it is closed. Channels are made anew by its listeners each time. */
export class AmqpConnection {
  readonly #options: AmqpConnectionOptions;
  readonly #listeners = new Set<(model: ChannelModel) => void>();
  readonly #ended: Promise<void>;
  readonly #closing = new AbortController();
  #model: ChannelModel | undefined;
  #detail: string;

  constructor(options: AmqpConnectionOptions) {
    this.#options = options;
    this.#detail = 'connecting';
    this.#ended = this.#run();
  }

  /** The live connection; undefined while there is none. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  get state(): BusState {
    return { connected: this.#model !== undefined, detail: this.#detail };
  }

  /** Calls `listener` now if connected, and on every reconnect until the answer is called. */
  onOpen(listener: (model: ChannelModel) => void): () => void {
    this.#listeners.add(listener);
    if (this.#model) listener(this.#model);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // An attempt to connect cannot be called off; it closes what it gets.
    if (this.#model) await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const openedAt = Date.now();
      try {
        await this.#connectOnce(signal);
        if (Date.now() - openedAt >= stableAfterMs) attempt = 0;
      } catch (error) {
        this.#lost(error);
      }
      if (!signal.aborted) await sleep(backoffMs(attempt, this.#options.backoff), signal);
    }
    this.#detail = 'closed';
  }

  /** Resolves or throws when the connection is over. */
  async #connectOnce(signal: AbortSignal): Promise<void> {
    const { url, name, log } = this.#options;
    const model = await connect(connectOptions(url), {
      timeout: connectTimeoutMs,
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: name },
    });
    const over = new Promise<Error | undefined>((resolve) => model.once('close', resolve));
    // The reason comes with the end.
    model.on('error', () => undefined);
    model.on('blocked', (reason) => {
      this.#detail = `the broker takes no messages: ${reason}`;
      log.warn({ reason }, 'broker blocked the connection');
    });
    model.on('unblocked', () => {
      this.#detail = 'connected';
    });
    const close = () => void closeModel(model);
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    else {
      this.#model = model;
      this.#detail = 'connected';
      log.info({ connection: name }, 'connected to the broker');
      for (const listener of this.#listeners) listener(model);
    }
    const error = await over;
    signal.removeEventListener('abort', close);
    this.#model = undefined;
    if (error) throw error;
  }

  #lost(error: unknown): void {
    const detail = `no connection to the broker: ${reasonOf(error)}`;
    // An outage is one line, however many attempts it takes.
    if (detail !== this.#detail) this.#options.log.warn({ connection: this.#options.name, detail }, 'broker is away');
    this.#detail = detail;
  }
}

/** Closes politely, and by force where nobody answers. */
async function closeModel(model: ChannelModel): Promise<void> {
  const force = setTimeout(() => {
    // amqplib's types hide the socket, and it offers no other way to end a connection that does not answer.
    (model.connection as unknown as { stream: { destroy(): void } }).stream.destroy();
  }, closeTimeoutMs);
  try {
    await model.close();
  } catch {
    // It was over already.
  } finally {
    clearTimeout(force);
  }
}

function connectOptions(url: string) {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  return {
    protocol: protocol.slice(0, -1),
    hostname: hostname.replace(/^\[|\]$/g, ''),
    ...(port && { port: Number(port) }),
    ...((username || password) && { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
    vhost: decodeURIComponent(pathname.slice(1)) || '/',
    heartbeat: Number(searchParams.get('heartbeat') ?? heartbeatSeconds),
  };
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}

/** Resolves after `ms`, or at once when the signal says so. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
