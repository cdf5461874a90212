import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Sealer } from '#shared/signalr/index.ts';

/** Our gateway strips `x-internal-…`; where there is none, what a client sends by that name opens nothing. */
const header = 'x-internal-forwarded';
const context = 'forwarded';
/** Workers' clocks differ. */
const validMs = 60_000;

/** What a worker says of a request that it passes on: for whom. Only workers can say it, with the keys of connection ids. */
export class PassingMark {
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  readonly #read = new WeakMap<IncomingMessage, { readonly address: string | undefined }>();

  constructor(sealer: Sealer, clock: Clock) {
    this.#sealer = sealer;
    this.#clock = clock;
  }

  headersFor(clientAddress: string): Record<string, string> {
    return { [header]: this.#sealer.seal(context, `${this.#clock.now()} ${clientAddress}`) };
  }

  /** Whether the request says that it was passed on, true or not: who lies harms nobody but himself. */
  isClaimed({ headers }: { readonly headers: IncomingHttpHeaders }): boolean {
    return headers[header] !== undefined;
  }

  /** The client's address, of a request that a worker passed on. */
  clientOf(request: IncomingMessage): string | undefined {
    let read = this.#read.get(request);
    if (!read) {
      read = { address: this.#open(request.headers[header]) };
      this.#read.set(request, read);
    }
    return read.address;
  }

  #open(sealed: string | string[] | undefined): string | undefined {
    if (typeof sealed !== 'string') return undefined;
    const [at, address = ''] = this.#sealer.open(context, sealed)?.split(' ') ?? [];
    const isFresh = Math.abs(this.#clock.now() - Number(at ?? Number.NaN)) <= validMs;
    return isFresh && isIP(address) !== 0 ? address : undefined;
  }
}
