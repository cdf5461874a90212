import { type PushRow, pushKinds } from '#shared/contract/push-frame.ts';
import type { Delivery } from '#shared/stream/position.ts';
import type { ClientProtocol, EncodedMessage } from './client-connection.ts';

/** One row on its way to many clients, encoded at most once per protocol. */
export class EncodedRow {
  readonly #method: string;
  readonly #row: PushRow;
  #messages = new Map<string, EncodedMessage>();

  constructor({ as, row }: Delivery) {
    const { receive, change } = pushKinds[row.kind];
    this.#method = as === 'receive' ? (receive ?? change) : change;
    this.#row = row;
  }

  for(protocol: ClientProtocol): EncodedMessage {
    let message = this.#messages.get(protocol.name);
    if (!message) {
      message = protocol.encode(this.#method, this.#row.body);
      this.#messages.set(protocol.name, message);
    }
    return message;
  }
}
