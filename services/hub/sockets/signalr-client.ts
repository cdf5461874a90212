import type { Principal } from '#shared/auth/principal.ts';
import {
  type ClientConnection,
  type ClientProtocol,
  type CloseReason,
  closeReasons,
  type EncodedMessage,
} from '#shared/hub/client-connection.ts';
import {
  encodeInvocation,
  encodeInvocationOfJson,
  type HubProtocolName,
  type SignalRConnection,
} from '#shared/signalr/index.ts';

const protocols: Readonly<Record<HubProtocolName, ClientProtocol>> = {
  json: signalRProtocol('json'),
  messagepack: signalRProtocol('messagepack'),
};

function signalRProtocol(name: HubProtocolName): ClientProtocol {
  return {
    name: `signalr-${name}`,
    encode(method, args) {
      const [only] = args;
      const payload =
        only && args.length === 1
          ? encodeInvocationOfJson(name, method, only)
          : encodeInvocation(name, method, args.map(parseJson));
      return { payload, bytes: payload.byteLength };
    },
  };
}

const parseJson = (json: Uint8Array): unknown => JSON.parse(Buffer.from(json).toString());

/** A SignalR client as the hub sees it. */
export class SignalRClient implements ClientConnection {
  readonly principal: Principal;
  readonly #connection: Omit<SignalRConnection<unknown>, 'setIdentity'>;

  constructor(connection: Omit<SignalRConnection<unknown>, 'setIdentity'>, principal: Principal) {
    this.#connection = connection;
    this.principal = principal;
  }

  get id(): string {
    return this.#connection.id;
  }

  get protocol(): ClientProtocol {
    return protocols[this.#connection.protocol];
  }

  get transport(): string {
    return this.#connection.transport;
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes;
  }

  write(messages: readonly EncodedMessage[]): void {
    this.#connection.write(messages.map(({ payload }) => payload as Uint8Array));
  }

  close(reason: CloseReason): void {
    const { reconnect } = closeReasons[reason];
    this.#connection.close({ allowReconnect: reconnect, ...(reason === 'draining' ? {} : { error: reason }) });
  }
}
