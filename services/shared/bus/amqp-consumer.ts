import type { ChannelModel } from 'amqplib';
import { type Backoff, backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { type AmqpConnection, reasonOf, sleep } from './amqp-connection.ts';
import { AmqpDelivery, AmqpSession } from './amqp-session.ts';
import { declareTopology, isRefusal } from './amqp-topology.ts';
import { type BusConsumer, type ConsumeOptions, type ConsumerState, defaultPrefetch } from './bus.ts';

const refusedBackoff: Backoff = { baseMs: 1_000, capMs: 30_000 };
const closeTimeoutMs = 3_000;
/** Shorter than that, and the next attempt waits longer than the one before. */
const stableAfterMs = 10_000;

export class AmqpConsumer implements BusConsumer {
  readonly #connection: AmqpConnection;
  readonly #options: ConsumeOptions;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  readonly #cancelling = new AbortController();
  readonly #forget: () => void;
  #session: AmqpSession | undefined;
  #consumerTag = '';
  #isCancelled = false;
  #starting: Promise<void> = Promise.resolve();
  #failure: { isRefusal: boolean; detail: string } | undefined;

  constructor(connection: AmqpConnection, options: ConsumeOptions, log: Logger, backoff: Backoff) {
    this.#connection = connection;
    this.#options = options;
    this.#log = log;
    this.#backoff = backoff;
    this.#forget = connection.onOpen((model) => {
      // After the last model's loop, which ends with its connection.
      this.#starting = this.#starting.then(() => this.#consumeOn(model));
    });
  }

  get state(): ConsumerState {
    if (this.#cancelling.signal.aborted) return { status: 'closed', detail: 'closed' };
    if (this.#session) return { status: 'consuming', detail: `consuming ${this.#options.queue}` };
    const { connected, detail } = this.#connection.state;
    if (!connected) return { status: 'starting', detail };
    if (!this.#failure) return { status: 'starting', detail: `starting to consume ${this.#options.queue}` };
    return { status: this.#failure.isRefusal ? 'refused' : 'starting', detail: this.#failure.detail };
  }

  async cancel(): Promise<void> {
    this.#forget();
    this.#cancelling.abort();
    const session = this.#session;
    if (!session || session.isOver) {
      this.#isCancelled = true;
      return;
    }
    await withinTime(session.channel.cancel(this.#consumerTag));
    this.#isCancelled = true;
  }

  async close(): Promise<void> {
    await this.cancel();
    const session = this.#session;
    if (session && !session.isOver) {
      session.flush();
      await withinTime(session.channel.close());
    }
    await withinTime(this.#starting);
  }

  async #consumeOn(model: ChannelModel): Promise<void> {
    const { signal } = this.#cancelling;
    for (let attempt = 0; !signal.aborted && this.#connection.model === model; attempt += 1) {
      const startedAt = Date.now();
      this.#failure = undefined;
      try {
        await this.#consumeOnce(model);
        if (!signal.aborted) this.#log.warn({ queue: this.#options.queue }, 'consumer lost its channel');
        if (Date.now() - startedAt >= stableAfterMs) attempt = 0;
      } catch (error) {
        this.#failed(error);
      }
      if (this.#connection.model === model) await sleep(backoffMs(attempt, this.#patience()), signal);
    }
  }

  #patience(): Backoff {
    return this.#failure?.isRefusal ? refusedBackoff : this.#backoff;
  }

  /** Resolves when the channel is over, throws when it could not be set up. */
  async #consumeOnce(model: ChannelModel): Promise<void> {
    const { queue, topology, prefetch = defaultPrefetch, onDelivery } = this.#options;
    if (topology) await declareTopology(model, topology);
    const channel = await model.createChannel();
    const over = new Promise<void>((resolve) => channel.once('close', resolve));
    let closeError: unknown;
    channel.on('error', (error) => {
      closeError = error;
    });
    const session = new AmqpSession(channel, prefetch);
    await channel.prefetch(prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (this.#isCancelled) return;
      if (message) onDelivery(new AmqpDelivery(message, session));
      // The queue is gone: the next attempt declares it again.
      else void withinTime(channel.close());
    });
    this.#consumerTag = consumerTag;
    this.#session = session;
    if (this.#cancelling.signal.aborted) await withinTime(channel.close());
    this.#log.info({ queue, prefetch }, 'consuming');
    await over;
    this.#session = undefined;
    if (closeError) throw closeError;
  }

  #failed(error: unknown): void {
    const detail = `cannot consume ${this.#options.queue}: ${reasonOf(error)}`;
    this.#failure = { isRefusal: isRefusal(error), detail };
    if (this.#connection.model) this.#log.error({ queue: this.#options.queue, err: error }, 'consumer failed');
  }
}

/** Swallows the failure of a farewell: whatever was not said comes again. */
async function withinTime(farewell: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeTimeoutMs);
  });
  await Promise.race([farewell.catch(() => undefined), late]);
  clearTimeout(timer);
}
