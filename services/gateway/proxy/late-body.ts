import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * The body of a request as the proxy library is given it, which pipes it as soon as there is a socket. Here it flows once
 * `open` is called: nothing of it is gone before a connection stands, and none of it is copied.
 */
export class LateBody extends Readable {
  readonly #request: IncomingMessage;
  #target: NodeJS.WritableStream | undefined;
  #isOpen = false;

  constructor(request: IncomingMessage) {
    super({ read() {} });
    this.#request = request;
  }

  open(): void {
    this.#isOpen = true;
    if (this.#target) this.#request.pipe(this.#target);
  }

  override pipe<T extends NodeJS.WritableStream>(target: T): T {
    this.#target = target;
    if (this.#isOpen) this.#request.pipe(target);
    return target;
  }

  override unpipe(target?: NodeJS.WritableStream): this {
    this.#request.unpipe(target);
    return this;
  }

  override resume(): this {
    this.#request.resume();
    return this;
  }
}
