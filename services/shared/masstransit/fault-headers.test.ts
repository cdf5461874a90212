import { expect, it } from 'vitest';
import { errorHeaders, skippedHeaders } from './fault-headers.ts';

const host = {
  machineName: 'm',
  processName: 'notification',
  processId: 42,
  assembly: 'notification',
  assemblyVersion: '0.1.0',
  frameworkVersion: 'v24',
  massTransitVersion: '8.5.7.0',
  operatingSystemVersion: 'Linux 6',
};
const hostHeaders = {
  'MT-Host-MachineName': 'm',
  'MT-Host-ProcessName': 'notification',
  'MT-Host-ProcessId': '42',
  'MT-Host-Assembly': 'notification',
  'MT-Host-AssemblyVersion': '0.1.0',
  'MT-Host-FrameworkVersion': 'v24',
  'MT-Host-MassTransitVersion': '8.5.7.0',
  'MT-Host-OperatingSystemVersion': 'Linux 6',
};
const at = new Date('2025-12-27T10:00:00.123Z');
const error = Object.assign(new RangeError('inner'), { stack: 'RangeError: inner\n at x' });

it('say all that MassTransit says when a consumer failed', () => {
  expect(
    errorHeaders({ tenant: 'a', 'MT-Activity-Id': '00-1' }, host, {
      error: new Error('outer', { cause: new Error('middle', { cause: error }) }),
      at,
      inputAddress: 'rabbitmq://host/q',
      consumer: { type: 'notification', messageUrn: 'urn:message:Sonixy.Shared.Events:UserInteractionEvent' },
      retryCount: 5,
    }),
  ).toEqual({
    tenant: 'a',
    'MT-Activity-Id': '00-1',
    ...hostHeaders,
    'MT-Reason': 'fault',
    'MT-Fault-ExceptionType': 'RangeError',
    'MT-Fault-InputAddress': 'rabbitmq://host/q',
    'MT-Fault-Message': 'inner',
    'MT-Fault-Timestamp': '2025-12-27T10:00:00.1230000Z',
    'MT-Fault-StackTrace': 'RangeError: inner\n at x',
    'MT-Fault-ConsumerType': 'notification',
    'MT-Fault-MessageType': 'Sonixy.Shared.Events.UserInteractionEvent',
    'MT-Fault-RetryCount': { '!': 'int32', value: 5 },
  });
});

it('leave out consumer and retries when there were none, also those of an earlier fault', () => {
  const earlier = { 'MT-Fault-RetryCount': 3, 'MT-Fault-ConsumerType': 'old', 'MT-Fault-Address': 'rabbitmq://host/f' };
  const headers = errorHeaders(earlier, host, { error, at, inputAddress: 'rabbitmq://host/q', retryCount: 0 });
  expect(Object.keys(headers).sort()).toEqual(
    [
      ...Object.keys(hostHeaders),
      'MT-Fault-Address',
      'MT-Fault-ExceptionType',
      'MT-Fault-InputAddress',
      'MT-Fault-Message',
      'MT-Fault-StackTrace',
      'MT-Fault-Timestamp',
      'MT-Reason',
    ].sort(),
  );
});

it('of a skipped message name the host and nothing of a fault', () => {
  expect(skippedHeaders({ tenant: 'a', 'MT-Fault-Message': 'old' }, host)).toEqual({
    tenant: 'a',
    ...hostHeaders,
    'MT-Reason': 'dead-letter',
  });
});

it('fit a frame, whatever was thrown', () => {
  const huge = Object.assign(new Error('x'.repeat(1e6)), { stack: 'y'.repeat(1e6) });
  const fault = { at, inputAddress: 'rabbitmq://host/q', retryCount: 0 };
  expect(JSON.stringify(errorHeaders({}, host, { ...fault, error: huge })).length).toBeLessThan(16_000);
  expect(errorHeaders({}, host, { ...fault, error: 'text' })['MT-Fault-Message']).toBe('text');
});
