import type { HubProtocolName } from './hub.ts';
import type { HubProtocol } from './hub-protocol.ts';
import { jsonProtocol } from './json-protocol.ts';
import { messagePackProtocol } from './messagepack-protocol.ts';

export const hubProtocols: Readonly<Record<HubProtocolName, HubProtocol>> = {
  json: jsonProtocol,
  messagepack: messagePackProtocol,
};

/** One whole message for `SignalRConnection.write`. @throws when an argument cannot be written in the protocol */
export function encodeInvocation(protocol: HubProtocolName, target: string, args: readonly unknown[]): Uint8Array {
  return hubProtocols[protocol].invocation(target, args);
}

/** The same for one argument that is UTF-8 JSON already, which must be valid: JSON clients get it as it is. */
export function encodeInvocationOfJson(protocol: HubProtocolName, target: string, json: Uint8Array): Uint8Array {
  return hubProtocols[protocol].invocationOfJson(target, json);
}
