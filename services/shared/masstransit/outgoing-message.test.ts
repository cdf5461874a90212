import { expect, it } from 'vitest';
import { entityAddress, hostAddress } from './addresses.ts';
import { followOn } from './follow-on.ts';
import { writeMessage } from './outgoing-message.ts';
import { readMessage } from './received-message.ts';

const urn = 'urn:message:Sonixy.Shared.Events:UserInteractionEvent';
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
const outgoing = {
  messageUrn: urn,
  payload: { userId: 'bob', actionType: 2 },
  messageId: '01000000-2f2c-53b6-e1b7-08de7ebef451',
  conversationId: '01000000-2f2c-53b6-e9a1-08de7ebef451',
  sourceAddress: 'rabbitmq://host/source?temporary=true',
  destinationAddress: 'rabbitmq://host/Sonixy.Shared.Events:UserInteractionEvent',
  sentTime: new Date('2025-12-27T10:00:00.130Z'),
  host,
};

it('is written as MassTransit writes it, field by field and in its order', () => {
  const { body, properties } = writeMessage(outgoing);
  const text = JSON.stringify({
    messageId: outgoing.messageId,
    requestId: null,
    correlationId: null,
    conversationId: outgoing.conversationId,
    initiatorId: null,
    sourceAddress: outgoing.sourceAddress,
    destinationAddress: outgoing.destinationAddress,
    responseAddress: null,
    faultAddress: null,
    messageType: [urn],
    message: outgoing.payload,
    expirationTime: null,
    sentTime: '2025-12-27T10:00:00.1300000Z',
    headers: {},
    host,
  });
  expect(body.toString()).toBe(text);
  expect(properties).toEqual({
    contentType: 'application/vnd.masstransit+json',
    deliveryMode: 2,
    messageId: outgoing.messageId,
    headers: {},
  });
});

it('carries headers in both places, as .NET does, and trace headers in AMQP’s', () => {
  const { body, properties } = writeMessage({
    ...outgoing,
    headers: { tenant: 'a', urgent: true, quiet: false },
    trace: { 'MT-Activity-Id': '00-1' },
  });
  expect(JSON.parse(body.toString()).headers).toEqual({ tenant: 'a', urgent: true, quiet: false });
  expect(properties.headers).toEqual({ tenant: 'a', urgent: 'True', 'MT-Activity-Id': '00-1' });
});

it.each(['messageId', 'conversationId', 'correlationId'] as const)('refuses a %s that .NET would refuse', (field) => {
  expect(() => writeMessage({ ...outgoing, [field]: 'no-guid' })).toThrow(TypeError);
  expect(() => writeMessage({ ...outgoing, [field]: outgoing.messageId })).not.toThrow();
});

it('comes back from its bytes', () => {
  const { body, properties } = writeMessage({ ...outgoing, correlationId: outgoing.messageId });
  const message = readMessage(body, properties);
  expect(message.payload).toEqual(outgoing.payload);
  expect(message.envelope).toMatchObject({
    conversationId: outgoing.conversationId,
    correlationId: outgoing.messageId,
  });
});

it('that follows another keeps its conversation, names its cause and passes headers and trace on', () => {
  const cause = writeMessage({
    ...outgoing,
    correlationId: '0a000000-2f2c-53b6-e9a1-08de7ebef451',
    headers: { tenant: 'a', 'MT-Redelivery-Count': 1 },
    trace: { 'MT-Activity-Id': '00-1' },
  });
  const inherited = followOn(readMessage(cause.body, { ...cause.properties, priority: 4 }), 'rabbitmq://host/q');
  const { body, properties } = writeMessage({
    ...outgoing,
    conversationId: 'ffffffff-2f2c-53b6-e9a1-08de7ebef451',
    headers: { other: 'b' },
    cause: inherited,
  });
  expect(JSON.parse(body.toString())).toMatchObject({
    conversationId: outgoing.conversationId,
    initiatorId: '0a000000-2f2c-53b6-e9a1-08de7ebef451',
    sourceAddress: 'rabbitmq://host/q',
    headers: { tenant: 'a', other: 'b' },
  });
  expect(properties.priority).toBe(4);
  expect(properties.headers).toEqual({ tenant: 'a', other: 'b', 'MT-Activity-Id': '00-1' });
});

it('that follows one with ids of no GUID starts anew', () => {
  const cause = readMessage(
    Buffer.from('{"messageType":[],"message":{},"conversationId":"x","correlationId":"y"}'),
    {},
  );
  const { body } = writeMessage({ ...outgoing, cause: followOn(cause, 'rabbitmq://host/q') });
  expect(JSON.parse(body.toString())).toMatchObject({ conversationId: outgoing.conversationId, initiatorId: null });
});

it.each([
  ['amqp://user:pass@rabbit', 'rabbitmq://rabbit'],
  ['amqp://user:pass@rabbit:5672/', 'rabbitmq://rabbit'],
  ['amqp://rabbit:5673/%2F', 'rabbitmq://rabbit:5673'],
  ['amqps://rabbit:5671/my%20host', 'rabbitmq://rabbit/my%20host'],
])('of %s has the address %s', (url, address) => {
  expect(hostAddress(url)).toBe(address);
  expect(entityAddress(hostAddress(url), 'q')).toBe(`${address}/q`);
});
