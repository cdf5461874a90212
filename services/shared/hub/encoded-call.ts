import type { ClientProtocol, EncodedMessage } from './client-connection.ts';

/** One call on its way to many clients, encoded at most once per protocol. */
export class EncodedCall {
  readonly #method: string;
  readonly #args: readonly Uint8Array[];
  #messages = new Map<string, EncodedMessage>();

  /** @param args each the UTF-8 JSON of one argument */
  constructor(method: string, args: readonly Uint8Array[]) {
    this.#method = method;
    this.#args = args;
  }

  for(protocol: ClientProtocol): EncodedMessage {
    let message = this.#messages.get(protocol.name);
    if (!message) {
      message = protocol.encode(this.#method, this.#args);
      this.#messages.set(protocol.name, message);
    }
    return message;
  }
}
