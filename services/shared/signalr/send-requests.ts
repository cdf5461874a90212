import type { IncomingMessage } from 'node:http';
import type { Answer } from './http-answer.ts';

/** Whom a client's POST bodies go to. */
export interface SendTarget {
  readonly ended: boolean;
  received(bytes: Uint8Array): void;
  drained(): Promise<void> | undefined;
}

const gone: Answer = { status: 404 };
const tooLarge: Answer = { status: 413 };

/** The POSTs of one connection, one after the other; each is read no faster than its messages are dispatched. */
export class SendRequests {
  readonly #target: SendTarget;
  readonly #maxBytes: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(target: SendTarget, maxBytes: number) {
    this.#target = target;
    this.#maxBytes = maxBytes;
  }

  /** Never rejects. 200 after the whole body was taken. */
  accept(request: IncomingMessage): Promise<Answer> {
    const answer = this.#last.then(() => this.#take(request));
    this.#last = answer;
    return answer;
  }

  async #take(request: IncomingMessage): Promise<Answer> {
    if (this.#target.ended) return gone;
    if (Number(request.headers['content-length'] ?? 0) > this.#maxBytes) return tooLarge;
    let bytes = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        bytes += chunk.length;
        if (bytes > this.#maxBytes) return tooLarge;
        if (this.#target.ended) return gone;
        this.#target.received(chunk);
        await this.#target.drained();
      }
    } catch {
      return { status: 400 };
    }
    return { status: 200 };
  }
}
