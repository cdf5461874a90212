import { hostname, release, type } from 'node:os';
import { type HostInfo, massTransitVersion } from '#shared/masstransit/host-info.ts';

/** This process, as envelopes and fault headers name it. */
export function localHost(service: string, version = '0.0.0'): HostInfo {
  return {
    machineName: hostname(),
    processName: service,
    processId: process.pid,
    assembly: service,
    assemblyVersion: version,
    frameworkVersion: process.version,
    massTransitVersion,
    operatingSystemVersion: `${type()} ${release()}`,
  };
}
