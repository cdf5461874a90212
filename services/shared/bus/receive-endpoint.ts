import { PlatformError } from '#shared/contract/errors.ts';
import { InvalidEventError } from '#shared/contract/user-interaction-event.ts';
import type { HostInfo } from '#shared/masstransit/host-info.ts';
import { InvalidMessageError } from '#shared/masstransit/invalid-message-error.ts';
import { readMessage } from '#shared/masstransit/received-message.ts';
import { receiveTopology, type Topology } from '#shared/masstransit/topology.ts';
import { type Backoff, backoffMs } from '#shared/runtime/backoff.ts';
import { type Clock, systemClock, type Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import type { Bus, BusConsumer, Delivery } from './bus.ts';
import type { EndpointJob } from './endpoint-job.ts';
import { EndpointMetrics } from './endpoint-metrics.ts';
import { localHost } from './host-info.ts';
import { type MessageConsumer, MessageConsumers } from './message-consumers.ts';
import { MessageMover } from './message-mover.ts';
import { Outage } from './outage.ts';

export type { ReceivedMessage } from '#shared/masstransit/received-message.ts';
export type { MessageConsumer } from './message-consumers.ts';

export type ReceiveEndpointOptions = {
  readonly bus: Bus;
  /** Of our own, never one of .NET's. `_error` and `_skipped` are made beside it. */
  readonly queue: string;
  readonly consumers: readonly MessageConsumer[];
  /** Messages in hand at a time. @default 200 */
  readonly prefetch?: number;
  /** In-process attempts after the first. @default 5, 100 ms to 5 s apart */
  readonly retry?: { readonly retries: number; readonly backoff: Backoff };
  /** Between questions whether a store is back. @default 200 ms to 5 s */
  readonly outageBackoff?: Backoff;
  /** Deaths of consumers that one message may cause before it is parked. @default 100 */
  readonly deliveryLimit?: number;
  /** Without a consumer for so long the queue is deleted, with what it holds but not what is parked. @default never */
  readonly queueExpiresMs?: number;
  /** How long `stop` waits for handlers. @default 20,000 */
  readonly drainTimeoutMs?: number;
  /** @default this process */
  readonly host?: HostInfo;
  readonly clock?: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
};

/** `paused`: a store is away; `refused`: the broker will not have it so. `detail` says what is waited for. */
export type ReceiveEndpointState = {
  readonly status: 'starting' | 'consuming' | 'paused' | 'refused' | 'stopped';
  readonly detail: string;
};

export interface ReceiveEndpoint {
  readonly state: ReceiveEndpointState;
  /** Takes nothing more, waits for handlers under way, acknowledges, and gives back the rest. */
  stop(): Promise<void>;
}

/**
 * MassTransit's receive endpoint: reads, dispatches by type, and settles each message exactly one way: acknowledged
 * after its handler is done, moved to `<queue>_error` or `<queue>_skipped`, or given back. A message that fails holds
 * back no other.
 */
export function startReceiveEndpoint(options: ReceiveEndpointOptions): ReceiveEndpoint {
  return new Endpoint(options);
}

class Endpoint implements ReceiveEndpoint {
  readonly #options: ReceiveEndpointOptions;
  readonly #topology: Topology;
  readonly #consumers: MessageConsumers;
  readonly #consumer: BusConsumer;
  readonly #mover: MessageMover;
  readonly #metrics: EndpointMetrics;
  readonly #outage: Outage;
  readonly #clock: Clock;
  readonly #retry: { readonly retries: number; readonly backoff: Backoff };
  /** Waiting for another attempt. */
  readonly #timers = new Map<EndpointJob, Timer>();
  /** Handlers and moves under way. */
  #running = 0;
  #order = 0;
  #isStopping = false;
  #onIdle: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ReceiveEndpointOptions) {
    const { bus, queue, consumers, prefetch, deliveryLimit, queueExpiresMs: expiresMs, metrics } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#retry = options.retry ?? { retries: 5, backoff: { baseMs: 100, capMs: 5_000 } };
    this.#consumers = new MessageConsumers(consumers);
    this.#outage = new Outage({
      backoff: options.outageBackoff ?? { baseMs: 200, capMs: 5_000 },
      clock: this.#clock,
      run: (job) => this.#run(job),
      onChange: (cause) => this.#outageChanged(cause),
    });
    this.#mover = new MessageMover(bus, queue, options.host ?? localHost('sonixy-realtime'));
    this.#metrics = new EndpointMetrics(metrics, queue);
    const exchanges = consumers.map(({ exchange }) => exchange);
    this.#topology = receiveTopology({ queue, exchanges, deliveryLimit, expiresMs });
    this.#consumer = bus.consume({
      queue,
      topology: this.#topology,
      ...(prefetch !== undefined && { prefetch }),
      onDelivery: (delivery) => this.#receive(delivery),
    });
  }

  get state(): ReceiveEndpointState {
    if (this.#isStopping) return { status: 'stopped', detail: 'stopped' };
    const { status, detail } = this.#consumer.state;
    if (status !== 'consuming') return { status: status === 'closed' ? 'stopped' : status, detail };
    if (this.#outage.isActive) return { status: 'paused', detail: `${this.#options.queue} waits for a store` };
    return { status, detail };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    await this.#consumer.cancel();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#outage.clear();
    if (this.#running > 0) await this.#idle();
    await this.#consumer.close();
  }

  async #idle(): Promise<void> {
    const { drainTimeoutMs = 20_000, queue, log } = this.#options;
    let timer: Timer | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = this.#clock.after(drainTimeoutMs, () => resolve(true));
    });
    const idle = new Promise<boolean>((resolve) => {
      this.#onIdle = () => resolve(false);
    });
    if (await Promise.race([idle, late])) log.warn({ queue, running: this.#running }, 'handlers outlast the drain');
    timer?.cancel();
  }

  #receive(delivery: Delivery): void {
    this.#order += 1;
    if (this.#isStopping) return;
    if (this.#outage.isActive) {
      this.#outage.hold({ delivery, order: this.#order, read: undefined, retries: 0 });
      return;
    }
    this.#handle(delivery, this.#order);
  }

  /** The way of nearly every message: nothing is made for it that it does not need. */
  #handle(delivery: Delivery, order: number, job?: EndpointJob): void {
    let read = job?.read;
    let pending: void | Promise<void>;
    try {
      if (!read) {
        const message = readMessage(delivery.body, delivery.properties);
        const consumer = this.#consumers.find(message);
        if (!consumer) {
          this.#skip(job ?? { delivery, order, read, retries: 0 });
          return;
        }
        read = { message, consumer };
      }
      pending = read.consumer.handle(read.message);
    } catch (error) {
      this.#failed(job ?? { delivery, order, read, retries: 0 }, read, error);
      return;
    }
    if (pending === undefined) {
      this.#done(delivery, read, job);
      return;
    }
    void this.#wait(job ?? { delivery, order, read, retries: 0 }, read, pending);
  }

  async #wait(job: EndpointJob, read: NonNullable<EndpointJob['read']>, pending: Promise<void>): Promise<void> {
    this.#running += 1;
    try {
      await pending;
      this.#done(job.delivery, read, job);
    } catch (error) {
      this.#failed(job, read, error);
    } finally {
      this.#ran();
    }
  }

  #ran(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#onIdle?.();
  }

  #done(delivery: Delivery, { message }: NonNullable<EndpointJob['read']>, job: EndpointJob | undefined): void {
    delivery.ack();
    if (message.hasMadeId) this.#metrics.madeId();
    this.#metrics.handled();
    if (job) this.#outage.answered(job);
  }

  #run(job: EndpointJob): void {
    // A lost one comes again as another.
    if (this.#isStopping || job.delivery.isLost) return;
    if (this.#outage.holdsBack(job)) this.#outage.hold(job);
    else this.#handle(job.delivery, job.order, job);
  }

  #failed(job: EndpointJob, read: EndpointJob['read'], error: unknown): void {
    job.read = read;
    // It comes again, and is decided on then.
    if (this.#isStopping && !isForever(error)) return;
    if (error instanceof PlatformError && error.code === 'unavailable') {
      this.#outage.begin(job, error);
      return;
    }
    this.#outage.answered(job);
    if (job.delivery.isLost) return;
    if (!isForever(error) && job.retries < this.#retry.retries) this.#retryLater(job);
    else this.#giveUp(job, error);
  }

  #outageChanged(cause: unknown): void {
    const { queue, log } = this.#options;
    this.#metrics.paused(cause !== undefined);
    if (cause) log.warn({ queue, err: cause }, 'store is away, consumption pauses');
    else if (!this.#isStopping) log.info({ queue }, 'store is back, consumption resumes');
  }

  #retryLater(job: EndpointJob): void {
    this.#metrics.retried();
    const timer = this.#clock.after(backoffMs(job.retries, this.#retry.backoff), () => {
      this.#timers.delete(job);
      this.#run(job);
    });
    job.retries += 1;
    this.#timers.set(job, timer);
  }

  #skip(job: EndpointJob): void {
    const { queue, log } = this.#options;
    log.warn({ queue }, 'message of a type that nobody consumes moves to the skipped queue');
    this.#outage.answered(job);
    void this.#move(job, 'skipped', () => this.#mover.toSkipped(job));
  }

  #giveUp(job: EndpointJob, error: unknown): void {
    const { queue, log } = this.#options;
    log.error({ queue, err: error, retries: job.retries }, 'message moves to the error queue');
    void this.#move(job, 'error', () => this.#mover.toError(job, error, new Date(this.#clock.now())));
  }

  async #move(job: EndpointJob, outcome: 'error' | 'skipped', move: () => Promise<void>): Promise<void> {
    const { queue, log } = this.#options;
    this.#running += 1;
    try {
      await move();
      job.delivery.ack();
      this.#metrics.settled(outcome);
    } catch (error) {
      log.error({ queue, err: error }, 'message cannot be moved and is given back');
      this.#giveBack(job);
    } finally {
      this.#ran();
    }
  }

  /** After a while, or a message that can be neither handled nor moved would go round as fast as the broker can. */
  #giveBack(job: EndpointJob): void {
    if (this.#isStopping || job.delivery.isLost) return;
    const { bus } = this.#options;
    const timer = this.#clock.after(backoffMs(this.#retry.retries, this.#retry.backoff), () => {
      this.#timers.delete(job);
      job.delivery.requeue();
      this.#metrics.settled('requeued');
    });
    this.#timers.set(job, timer);
    // What was deleted under our feet is made again. If that fails the next try tells.
    bus.declare(this.#topology).catch(() => undefined);
  }
}

/** No later attempt can end otherwise. */
function isForever(error: unknown): boolean {
  return error instanceof InvalidEventError || error instanceof InvalidMessageError;
}
