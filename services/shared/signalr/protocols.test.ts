import { Encoder } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteQueue } from './byte-queue.ts';
import { ProtocolError } from './hub-error.ts';
import { encodeInvocation, encodeInvocationOfJson } from './index.ts';
import { jsonProtocol } from './json-protocol.ts';
import { messagePackProtocol } from './messagepack-protocol.ts';
import { checkStructure } from './messagepack-structure.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('JSON messages', () => {
  test('are written as ASP.NET writes them', () => {
    expect(text(encodeInvocation('json', 'a"b', [1, '\u001e', Buffer.from('hi')]))).toBe(
      '{"type":1,"target":"a\\"b","arguments":[1,"\\u001e","aGk="]}\u001e',
    );
    expect(text(encodeInvocationOfJson('json', 'a', Buffer.from('{"b": 1}')))).toBe(
      '{"type":1,"target":"a","arguments":[{"b": 1}]}\u001e',
    );
    expect(text(jsonProtocol.completion('1', { result: null }))).toBe(
      '{"type":3,"invocationId":"1","result":null}\u001e',
    );
    expect(text(jsonProtocol.completion('1', { error: 'x' }))).toBe('{"type":3,"invocationId":"1","error":"x"}\u001e');
    expect(text(jsonProtocol.close(undefined, false))).toBe('{"type":7}\u001e');
    expect(text(jsonProtocol.ping)).toBe('{"type":6}\u001e');
  });
});

describe('MessagePack messages', () => {
  test('are written as ASP.NET writes them', () => {
    expect(hex(encodeInvocation('messagepack', 'method', [42]))).toBe('0e960180c0a66d6574686f64912a90');
    expect(hex(encodeInvocationOfJson('messagepack', 'method', Buffer.from('42')))).toBe(
      '0e960180c0a66d6574686f64912a90',
    );
    expect(hex(messagePackProtocol.completion('xyz', { result: 42 }))).toBe('09950380a378797a032a');
    expect(hex(messagePackProtocol.completion('xyz', { error: 'Error' }))).toBe('0e950380a378797a01a54572726f72');
    expect(hex(messagePackProtocol.close(undefined, true))).toBe('049307c0c3');
    expect(hex(messagePackProtocol.ping)).toBe('029106');
  });

  test.each([
    [117, '7f'],
    [118, '8001'],
    [16_000, '8b7d'],
    [3_000_000, 'cd8db701'],
  ])('carry a text of %i bytes behind the length %s', (length, prefix) => {
    const written = encodeInvocation('messagepack', 'a', ['x'.repeat(length)]);
    expect(hex(written).startsWith(prefix)).toBe(true);
    const frame = messagePackProtocol.frame(written, 0, 10_000_000);
    expect(frame).toEqual({ start: prefix.length / 2, end: written.length, next: written.length });
  });

  test('are sound however the encoder wrote them', () => {
    const encoder = new Encoder();
    const sized = [15, 16, 31, 32, 255, 256, 65_535, 65_536];
    const numbers = [
      0,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 32,
      -1,
      -32,
      -33,
      -128,
      -129,
      -32_769,
      -(2 ** 33),
      1.5,
    ];
    const values = [
      ...numbers,
      ...sized.map((length) => 'x'.repeat(length)),
      ...sized.map((length) => new Uint8Array(length)),
      ...sized.map((length) => Array(length).fill(null)),
      ...sized.map((length) => Object.fromEntries(Array.from({ length }, (_, n) => [`k${n}`, n]))),
      new Date(0),
      new Date(1_795_000_000_123),
      new Date(2 ** 35 * 1000 + 1),
    ];
    for (const value of values) expect(() => checkStructure(encoder.encode(value), 64)).not.toThrow();
    const anything = fc.jsonValue({ maxDepth: 8 });
    fc.assert(
      fc.property(anything, (value) => checkStructure(encoder.encode(value), 64)),
      { seed: 4 },
    );
  });

  test('are unsound when cut or continued', () => {
    const bytes = new Encoder().encode([
      1,
      { a: 'b', c: [2.5, null, new Uint8Array(300)] },
      new Date(0),
      'x'.repeat(40),
    ]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => checkStructure(bytes.subarray(0, length), 64)).toThrow(ProtocolError);
    }
    expect(() => checkStructure(Buffer.concat([bytes, Buffer.of(0)]), 64)).toThrow(ProtocolError);
  });

  test('that announce many nested arrays cost no memory', () => {
    const bytes = Buffer.from('dd00007fff'.repeat(6000), 'hex');
    const peakBefore = process.resourceUsage().maxRSS;
    expect(() => messagePackProtocol.decode(bytes, 64)).toThrow(ProtocolError);
    expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(100 * 1024);
  });
});

test.each([jsonProtocol, messagePackProtocol])('$name: any bytes decode or are a protocol error', (protocol) => {
  const check = (bytes: Uint8Array) => {
    try {
      protocol.decode(bytes, 64);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), check), { seed: 14, numRuns: 5000 });
});

test('a byte queue gives back what it was given, whatever the pieces', () => {
  const pieces = fc.array(
    fc.record({ bytes: fc.uint8Array({ maxLength: 200 }), take: fc.nat(250), settle: fc.boolean() }),
  );
  const behaves = fc.property(pieces, (steps) => {
    const queue = new ByteQueue();
    let expected = Buffer.alloc(0);
    for (const { bytes, take, settle } of steps) {
      const original = Buffer.from(bytes);
      queue.append(bytes);
      expected = Buffer.concat([expected, original]);
      expect(Buffer.from(queue.peek())).toEqual(expected);
      const count = Math.min(take, queue.length);
      queue.consume(count);
      expected = expected.subarray(count);
      if (settle) queue.settle();
      expect(queue.length).toBe(expected.length);
      expect(Buffer.from(bytes)).toEqual(original);
    }
  });
  fc.assert(behaves, { seed: 1 });
});
