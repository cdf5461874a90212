import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidMessageError } from './invalid-message-error.ts';
import { readMessage } from './received-message.ts';
import type { TransportProperties } from './transport-properties.ts';

const urn = 'urn:message:Sonixy.Shared.Events:UserInteractionEvent';
const messageId = '01000000-2f2c-53b6-e1b7-08de7ebef451';
const payload = { userId: 'bob', actionType: 2, timestamp: '2025-12-27T10:00:00.1234567Z' };

/** As MassTransit 8.5.7 writes it. */
const v8 = {
  messageId,
  requestId: null,
  correlationId: null,
  conversationId: '01000000-2f2c-53b6-e9a1-08de7ebef451',
  initiatorId: null,
  sourceAddress: 'rabbitmq://rabbitmq/a1b2c3_SonixyPostService_bus_m9qyyynnpayb3rk1bdc4gy3wyc?temporary=true',
  destinationAddress: 'rabbitmq://rabbitmq/Sonixy.Shared.Events:UserInteractionEvent',
  responseAddress: null,
  faultAddress: null,
  messageType: [urn],
  message: payload,
  expirationTime: null,
  sentTime: '2025-12-27T10:00:00.1301234Z',
  headers: {},
  host: { machineName: 'a1b2c3', processName: 'Sonixy.PostService', processId: 1, massTransitVersion: '8.5.7.0' },
};
const envelopeType = { contentType: 'application/vnd.masstransit+json' };

function read(body: unknown, properties: TransportProperties = envelopeType) {
  return readMessage(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body, null, 2)), properties);
}

const madeId = /^[0-9a-f]{8}-[0-9a-f]{4}-4/;

describe('an envelope', () => {
  it('of MassTransit 8, indented and with nulls, is read', () => {
    const message = read(v8);
    expect(message.types).toEqual([urn]);
    expect(message.payload).toEqual(payload);
    expect(message.messageId).toBe(messageId);
    expect(message.hasMadeId).toBe(false);
    const { message: _message, ...envelope } = v8;
    expect(message.envelope).toEqual(envelope);
  });

  it('of MassTransit 7, without nulls and with its own AMQP headers, is read', () => {
    const headers = { 'Content-Type': 'application/vnd.masstransit+json', publishId: '1' };
    const message = read(
      { messageId, messageType: [urn], message: payload, headers: { tenant: 'a' } },
      { ...envelopeType, headers },
    );
    expect(message.payload).toEqual(payload);
    expect(message.envelope).toMatchObject({ messageId, requestId: null, sentTime: null, host: null });
    expect(message.headers).toEqual({ tenant: 'a' });
    expect(message.transportHeaders).toEqual(headers);
  });

  it('in PascalCase is read', () => {
    const pascal = Object.fromEntries(
      Object.entries(v8).map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value]),
    );
    const message = read(pascal);
    expect(message.types).toEqual([urn]);
    expect(message.payload).toEqual(payload);
    expect(message.messageId).toBe(messageId);
  });

  it.each([undefined, 'text/plain', 'application/json', 'application/json; charset=utf-8'])(
    'under content type %s is read',
    (contentType) => {
      expect(read(v8, { contentType }).payload).toEqual(payload);
    },
  );

  it('with comments, trailing commas and a byte order mark is read', () => {
    const text = `\uFEFF// sent by hand\n{"messageType":["${urn}",],/* "x */"message":{"userId":"a//b, }","n":[1,2,],},}`;
    expect(read(text).payload).toEqual({ userId: 'a//b, }', n: [1, 2] });
  });

  it.each([
    ['messageType', { messageType: undefined }],
    ['elements of messageType', { messageType: [] }],
  ])('without %s has no type', (_what, change) => {
    expect(read({ ...v8, ...change }).types).toEqual([]);
  });

  it.each([null, undefined, 5, 'text', [payload]])('whose message is %j has no payload', (message) => {
    expect(() => read({ ...v8, message }).payload).toThrow(InvalidMessageError);
  });
});

describe('the message id', () => {
  it('is the original one of a message that MassTransit redelivers under another', () => {
    const original = 'AAAAAAAA-2f2c-53b6-e1b7-08de7ebef451';
    const headers = { 'MT-OriginalMessageId': original };
    expect(read({ ...v8, headers }).messageId).toBe(original.toLowerCase());
    expect(read(v8, { ...envelopeType, headers }).messageId).toBe(original.toLowerCase());
    expect(read(v8, { ...envelopeType, headers: { 'MT-OriginalMessageId': Buffer.from(original) } }).messageId).toBe(
      original.toLowerCase(),
    );
  });

  it('falls back to AMQP’s', () => {
    expect(read({ ...v8, messageId: null }, { ...envelopeType, messageId: 'from-amqp' }).messageId).toBe('from-amqp');
  });

  it('is the same in either letter case', () => {
    expect(read({ ...v8, messageId: messageId.toUpperCase() }).messageId).toBe(messageId);
  });

  it.each([undefined, null, '', 5, 'x'.repeat(257)])('is made once for a message whose id is %j', (id) => {
    const message = read({ ...v8, messageId: id });
    const made = message.messageId;
    expect(made).toMatch(madeId);
    expect(message.messageId).toBe(made);
    expect(message.hasMadeId).toBe(true);
  });
});

describe('a bare message', () => {
  const raw = { contentType: 'application/json' };

  it('is for every consumer when it names no type', () => {
    const message = read(payload, raw);
    expect(message.types).toBeUndefined();
    expect(message.payload).toEqual(payload);
  });

  it('has its surroundings in AMQP headers', () => {
    const headers = {
      MessageId: messageId,
      ConversationId: '01000000-2f2c-53b6-e9a1-08de7ebef451',
      'MT-MessageType': `urn:message:A:B;${urn}`,
      'MT-Source-Address': 'rabbitmq://host/a',
      'MT-Host-Info': JSON.stringify({ machineName: 'a1b2c3', processId: 1 }),
    };
    const message = read(payload, { ...raw, headers });
    expect(message.types).toEqual(['urn:message:A:B', urn]);
    expect(message.messageId).toBe(messageId);
    expect(message.envelope).toMatchObject({
      conversationId: '01000000-2f2c-53b6-e9a1-08de7ebef451',
      sourceAddress: 'rabbitmq://host/a',
      host: { machineName: 'a1b2c3', processId: 1 },
    });
  });

  it('under another content type is an envelope without type', () => {
    expect(read(payload, {}).types).toEqual([]);
  });

  it('may have fields named as an envelope’s when it names its type', () => {
    const body = { messageType: ['mine'], message: 'hello' };
    expect(read(body, { ...raw, headers: { 'MT-MessageType': urn } }).payload).toEqual(body);
  });
});

describe('bytes that are no message', () => {
  it.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['half an envelope', JSON.stringify(v8).slice(0, -9)],
    ['an array', '[]'],
    ['null', 'null'],
    ['10,000 arrays in each other', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['10,000 objects in each other', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['10,000 open arrays', '['.repeat(10_000)],
    ['a deep payload', `{"messageType":["${urn}"],"message":{"userId":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`],
    ['5 MB', JSON.stringify({ ...v8, headers: { filler: 'x'.repeat(5_000_000) } })],
    ['a type of another shape', JSON.stringify({ ...v8, messageType: urn })],
    ['two commas', '{"messageType":[],,}'],
  ])('are refused: %s', (_what, body) => {
    expect(() => read(body)).toThrow(InvalidMessageError);
  });

  it('take no longer than their length allows', () => {
    for (const evil of [
      '\\"'.repeat(500_000),
      '/*'.repeat(500_000),
      '"'.repeat(1_000_000),
      '//\n'.repeat(300_000),
      '{ , '.repeat(250_000),
    ]) {
      expect(() => read(`"${evil}\\`)).toThrow(InvalidMessageError);
      expect(() => read(evil)).toThrow(InvalidMessageError);
    }
  });

  it('are refused without being quoted', () => {
    expect(() => read('{"token":"s3cret')).toThrow(/^body is no JSON$/);
  });

  it('throw nothing else, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readMessage(Buffer.from(bytes), {});
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidMessageError);
        }
      }),
    );
  });
});

it('deep enough for any real message is read', () => {
  const deep = `${'['.repeat(900)}${' '.repeat(3_000)}"]{\\"["${']'.repeat(900)}`;
  expect(read(`{"messageType":[],"message":{"deep":${deep}}}`).payload).toHaveProperty('deep');
});
