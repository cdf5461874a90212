export type { Clock } from './clock.ts';
export { type ConnectionTokens, createConnectionTokens, newConnectionId, type Worker } from './connection-token.ts';
export { corsHeaders } from './cors.ts';
export type { ErrorListener } from './dispatcher.ts';
export { encodeInvocation, encodeInvocationOfJson } from './encode-invocation.ts';
export type { Forward, ForwardOutcome } from './forward.ts';
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
export { createSealer, type Sealer, type TokenKeys } from './sealer.ts';
export { createSignalRServer, type SignalRServer, type SignalRServerOptions } from './server.ts';
