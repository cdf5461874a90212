import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Worker } from './connection-token.ts';

/** What became of a request that is another worker's to answer. */
export type ForwardOutcome =
  /** Its answer has begun, and goes on by itself. */
  | 'answered'
  /** The client went away before. */
  | 'left'
  /** That worker is not to be had, or the request has come from one already: 404, upon which a client starts anew. */
  | 'gone'
  /** The body is larger than `SignalRLimits.maxPostBytes`: 413. */
  | 'too_large'
  /** The way to it broke with the request under way, most likely since it died: 404 too. */
  | 'broken'
  /** It did not answer in time: 504. */
  | 'silent';

/**
 * Port: the way to other workers. Passes on a GET, POST or DELETE with all that the client sent, and the answer back, both as
 * streams; when one side goes away the other hears of it. Says `gone` for what was forwarded before, so that nothing goes
 * round in circles. Unless `answered`, it leaves `response` alone. Never rejects.
 *
 * @param worker out of a token that was opened: nobody but a worker can name one
 */
export type Forward = (worker: Worker, request: IncomingMessage, response: ServerResponse) => Promise<ForwardOutcome>;
