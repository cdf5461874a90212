import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { drainMembers } from '#shared/hub/drain.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Counter, Metrics } from '#shared/runtime/metrics.ts';
import type { ForwardOutcome, Worker } from '#shared/signalr/index.ts';
import { type Passing, passOn } from './pass-on.ts';
import { hasBody } from './passed-headers.ts';
import type { PassingMark } from './passing-mark.ts';
import { isWorkerUrl } from './worker-address.ts';

export type ForwardLimits = {
  /** One POST body. */
  readonly maxBodyBytes: number;
  /** Dead workers answer at once or never, and their clients wait. @default 2,000 */
  readonly connectTimeoutMs: number;
  /** Longer than a poll is held (90 s) and than streams keep quiet. @default 100,000 */
  readonly silenceTimeoutMs: number;
};

export const defaultForwardTimeouts = { connectTimeoutMs: 2_000, silenceTimeoutMs: 100_000 };

export type ForwarderOptions = {
  readonly workerId: string;
  readonly mark: PassingMark;
  /** Of whom connection limits count. */
  readonly clientAddress: (request: IncomingMessage) => string;
  readonly limits: ForwardLimits;
  readonly clock: Clock;
  readonly metrics: Metrics;
};

/** In which a worker says who it is, to another one: an address may have passed to somebody else. */
const workerHeader = 'x-internal-worker';

/** Passes requests on to the worker that owns their connection. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' });
  readonly #count: Counter<'outcome'>;
  /** Streams and polls, which last. */
  readonly #held = new Set<Passing>();
  #draining = false;
  #closed = false;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#count = options.metrics.counter(
      'hub_forwarded_requests_total',
      'Requests of connections that another worker owns',
      ['outcome'],
    );
    options.metrics.gauge('hub_forwarded_held', 'Streams and polls that are held for other workers', [], (gauge) =>
      gauge.set(this.#held.size),
    );
  }

  /** As the port `Forward` says. */
  readonly forward = async (
    worker: Worker,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<ForwardOutcome> => {
    const outcome = await this.#pass(worker, request, response);
    this.#count.inc({ outcome });
    // A client that begins anew is to do so elsewhere.
    if (this.#draining && !response.headersSent) response.setHeader('Connection', 'close');
    return outcome;
  };

  /** Tells the worker that passed a request on who answers it. */
  receive(request: IncomingMessage, response: ServerResponse): void {
    const { mark, workerId } = this.#options;
    if (mark.clientOf(request) !== undefined) response.setHeader(workerHeader, workerId);
  }

  /**
   * Breaks off what is held, spread over `windowMs`: clients begin anew, elsewhere. Resolves when all is gone, or `closeWaitMs`
   * after the window; what comes later is passed on all the same.
   */
  drain({ windowMs, closeWaitMs }: { readonly windowMs: number; readonly closeWaitMs: number }): Promise<void> {
    this.#draining = true;
    return drainMembers({
      clock: this.#options.clock,
      random: Math.random,
      windowMs,
      closeWaitMs,
      members: this.#held,
      close: (passing) => passing.end(),
    });
  }

  /** Ends what is held, and at once what is still to come. */
  close(): void {
    this.#closed = true;
    for (const passing of this.#held) passing.end();
    this.#agent.destroy();
  }

  #pass(worker: Worker, request: IncomingMessage, response: ServerResponse): Promise<ForwardOutcome> {
    const { mark, clientAddress, limits, clock } = this.#options;
    if (response.destroyed) return Promise.resolve('left');
    const { address = '' } = worker;
    if (!isWorkerUrl(address) || mark.isClaimed(request)) return Promise.resolve('gone');
    const isTooLarge = hasBody(request) && Number(request.headers['content-length'] ?? 0) > limits.maxBodyBytes;
    if (isTooLarge) return Promise.resolve('too_large');
    const passing = passOn(request, response, {
      ...limits,
      url: address,
      agent: this.#agent,
      clock,
      headers: mark.headersFor(clientAddress(request)),
      accepts: ({ headers }) => headers[workerHeader] === worker.id,
      closing: () => this.#draining,
    });
    if (request.method === 'GET') this.#hold(passing, response);
    return passing.outcome;
  }

  #hold(passing: Passing, response: ServerResponse): void {
    this.#held.add(passing);
    response.once('close', () => this.#held.delete(passing));
    void passing.outcome.then(() => {
      // What a poll is answered with is on its way: it needs no more time than any answer.
      if (!passing.isStream) this.#held.delete(passing);
    });
    if (this.#closed) passing.end();
  }
}
