import { type Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { urlToHttpOptions } from 'node:url';
import type { Clock } from '#shared/runtime/clock.ts';
import type { ForwardOutcome } from '#shared/signalr/index.ts';
import { answerHeaders, hasBody, requestHeaders } from './passed-headers.ts';

export type PassOnOptions = {
  readonly url: string;
  readonly agent: Agent;
  readonly clock: Clock;
  /** Beside what the client sent. */
  readonly headers: Record<string, string>;
  /** Whether it is the worker that was meant. */
  readonly accepts: (answer: IncomingMessage) => boolean;
  /** Whether clients are to come back on another connection. */
  readonly closing: () => boolean;
  readonly maxBodyBytes: number;
  readonly connectTimeoutMs: number;
  /** With nothing moving in either direction. */
  readonly silenceTimeoutMs: number;
};

/** A request on its way to another worker, and its answer on the way back. */
export type Passing = {
  readonly outcome: Promise<ForwardOutcome>;
  /** Whether the answer comes bit by bit, for as long as the client stays. */
  readonly isStream: boolean;
  /** Breaks it off: `gone` where no answer has begun. Safe to call twice. */
  end(): void;
};

/** One attempt, since nobody can tell whether a second one would do twice what was asked for. */
export function passOn(request: IncomingMessage, response: ServerResponse, options: PassOnOptions): Passing {
  const { clock, agent, maxBodyBytes } = options;
  const { promise: outcome, resolve } = Promise.withResolvers<ForwardOutcome>();
  let isStream = false;
  // Until there is a connection nothing was sent.
  let ifItFails: ForwardOutcome = 'gone';

  const sending = httpRequest({
    ...urlToHttpOptions(new URL(options.url)),
    agent,
    method: request.method,
    path: request.url,
    headers: { ...requestHeaders(request), ...options.headers },
  });
  const fail = (why: ForwardOutcome) => {
    resolve(why);
    request.unpipe(sending);
    sending.destroy();
  };
  const connecting = clock.after(options.connectTimeoutMs, () => fail('gone'));
  const connected = () => {
    ifItFails = 'broken';
    connecting.cancel();
  };
  sending.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', connected);
    else connected();
  });
  // A worker that froze, and a client that reads nothing: either stops the connection between the workers.
  sending.setTimeout(options.silenceTimeoutMs, () => fail('silent'));
  sending.on('error', () => fail(response.destroyed ? 'left' : ifItFails));
  sending.once('close', () => connecting.cancel());
  sending.once('response', (answer) => {
    if (!options.accepts(answer)) return fail('gone');
    if (response.destroyed) return fail('left');
    isStream = answer.headers['content-length'] === undefined;
    // A connection with the rest of a body on it cannot be used again.
    if (!request.complete || options.closing()) response.setHeader('Connection', 'close');
    response.writeHead(answer.statusCode ?? 502, answerHeaders(answer));
    if (isStream) response.flushHeaders();
    pipeline(answer, response, () => sending.destroy());
    resolve('answered');
  });
  response.once('close', () => {
    if (!response.writableFinished) fail('left');
  });

  if (hasBody(request)) {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) fail('too_large');
    });
    request.pipe(sending);
  } else sending.end();

  return {
    outcome,
    get isStream() {
      return isStream;
    },
    end: () => fail('gone'),
  };
}
