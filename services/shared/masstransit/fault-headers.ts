import { toDotnetTime } from './dotnet-time.ts';
import type { HostInfo } from './host-info.ts';
import { shortTypeName } from './message-names.ts';
import type { TransportHeaders } from './transport-properties.ts';

export type Fault = {
  readonly error: unknown;
  readonly at: Date;
  /** Of the endpoint that gave up: `rabbitmq://host/queue`. */
  readonly inputAddress: string;
  /** When a consumer ran. */
  readonly consumer?: { readonly type: string; readonly messageUrn: string } | undefined;
  readonly retryCount: number;
};

/** The headers of a message on its way to `<queue>_error`. Headers of an earlier fault give way. */
export function errorHeaders(headers: TransportHeaders | undefined, host: HostInfo, fault: Fault): TransportHeaders {
  const error = baseError(fault.error);
  return {
    ...withoutFault(headers),
    ...hostHeaders(host),
    'MT-Reason': 'fault',
    'MT-Fault-ExceptionType': error.name,
    'MT-Fault-InputAddress': fault.inputAddress,
    'MT-Fault-Message': error.message.slice(0, maxMessageLength),
    'MT-Fault-Timestamp': toDotnetTime(fault.at),
    'MT-Fault-StackTrace': (error.stack ?? '').slice(0, maxStackLength),
    ...(fault.consumer && {
      'MT-Fault-ConsumerType': fault.consumer.type,
      'MT-Fault-MessageType': shortTypeName(fault.consumer.messageUrn),
    }),
    // A .NET reader expects its own int.
    ...(fault.retryCount > 0 && { 'MT-Fault-RetryCount': { '!': 'int32', value: fault.retryCount } }),
  };
}

/** The headers of a message on its way to `<queue>_skipped`. */
export function skippedHeaders(headers: TransportHeaders | undefined, host: HostInfo): TransportHeaders {
  return { ...withoutFault(headers), ...hostHeaders(host), 'MT-Reason': 'dead-letter' };
}

// All headers together must fit one AMQP frame.
const maxMessageLength = 2_000;
const maxStackLength = 8_000;

function hostHeaders(host: HostInfo): TransportHeaders {
  return {
    'MT-Host-MachineName': host.machineName,
    'MT-Host-ProcessName': host.processName,
    'MT-Host-ProcessId': String(host.processId),
    'MT-Host-Assembly': host.assembly,
    'MT-Host-AssemblyVersion': host.assemblyVersion,
    'MT-Host-MassTransitVersion': host.massTransitVersion,
    'MT-Host-FrameworkVersion': host.frameworkVersion,
    'MT-Host-OperatingSystemVersion': host.operatingSystemVersion,
  };
}

function withoutFault(headers: TransportHeaders = {}): TransportHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith('MT-Fault-') || name === 'MT-Fault-Address'),
  );
}

/** The innermost cause, as .NET's GetBaseException. */
function baseError(error: unknown): Error {
  let base = error;
  for (let depth = 0; depth < 16 && base instanceof Error && base.cause instanceof Error; depth += 1) base = base.cause;
  return base instanceof Error ? base : new Error(String(base));
}
