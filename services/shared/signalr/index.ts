export type { Clock } from './clock.ts';
export type { TokenKeys, Worker } from './connection-token.ts';
export { corsHeaders } from './cors.ts';
export type { ErrorListener } from './dispatcher.ts';
export { encodeInvocation, encodeInvocationOfJson } from './encode-invocation.ts';
export type {
  Admission,
  AuthorizePhase,
  CloseOptions,
  HubMethod,
  HubProtocolName,
  HubTransportName,
  SignalRConnection,
  SignalRHub,
} from './hub.ts';
export { HubArgumentError, HubError, HubUnauthorizedError } from './hub-error.ts';
export { defaultLimits, type SignalRLimits } from './limits.ts';
export { createSignalRServer, type SignalRServer, type SignalRServerOptions } from './server.ts';
