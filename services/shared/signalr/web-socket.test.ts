import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '#test/eventually.ts';
import { encodeInvocation, type SignalRLimits } from './index.ts';
import { type ServedHub, serveHub } from './served-hub.fixture.ts';

const hello = (protocol: string, version: unknown = 1) => `${JSON.stringify({ protocol, version })}\u001e`;
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

type Raw = {
  readonly socket: WebSocket;
  readonly frames: { readonly text: boolean; readonly bytes: Buffer }[];
  readonly closed: Promise<number>;
  readonly all: () => string;
};

async function open(hub: ServedHub, options: { perMessageDeflate?: boolean } = {}): Promise<Raw> {
  const socket = new WebSocket(hub.url.replace('http', 'ws'), options);
  const frames: Raw['frames'] = [];
  socket.on('message', (data, isBinary) => frames.push({ text: !isBinary, bytes: data as Buffer }));
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return { socket, frames, closed, all: () => Buffer.concat(frames.map((it) => it.bytes)).toString() };
}

async function shake(hub: ServedHub, protocol: 'json' | 'messagepack' = 'json'): Promise<Raw> {
  const raw = await open(hub);
  raw.socket.send(hello(protocol));
  await eventually(() => (raw.frames.length > 0 ? undefined : 'no answer to the handshake'));
  return raw;
}

describe('the handshake', () => {
  test.each(['json', 'messagepack'] as const)(
    'with %s answers {} in the protocol’s kind of frame',
    async (protocol) => {
      await using hub = await serveHub();
      const { frames } = await shake(hub, protocol);
      expect(frames).toEqual([{ text: protocol === 'json', bytes: hex('7b7d1e') }]);
    },
  );

  test('takes version 2, a binary frame, unknown properties, and one byte at a time', async () => {
    await using hub = await serveHub();
    const raw = await open(hub);
    for (const byte of Buffer.from('{"protocol":"json","version":2,"more":[1]}\u001e{"type":6}\u001e')) {
      raw.socket.send(Buffer.of(byte), { binary: true });
    }
    await eventually(() => (raw.all() === '{}\u001e' ? undefined : raw.all()));
    expect(hub.live).toHaveLength(1);
  });

  test('may bring hub messages along', async () => {
    await using hub = await serveHub();
    const raw = await open(hub);
    raw.socket.send(`${hello('json')}{"type":1,"invocationId":"1","target":"add","arguments":[1,2]}\u001e`);
    await eventually(() => (raw.all().includes('"result":3') ? undefined : raw.all()));
  });

  const unexpected = 'An unexpected error occurred during connection handshake.';
  test.each([
    [hello('xml'), "The protocol 'xml' is not supported."],
    [hello('json', 3), "The server does not support version 3 of the 'json' protocol."],
    [hello('json', '1'), unexpected],
    ['{"version":1}\u001e', unexpected],
    ['[]\u001e', unexpected],
    ['nonsense\u001e', unexpected],
    ['\u001e', unexpected],
    [`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}\u001e`, unexpected],
    ['x'.repeat(32 * 1024), 'Handshake was canceled.'],
  ])('%# is refused with its reason', async (request, error) => {
    await using hub = await serveHub();
    const raw = await open(hub);
    raw.socket.send(request);
    expect(await raw.closed).toBe(1000);
    expect(raw.all()).toBe(`${JSON.stringify({ error })}\u001e`);
    expect(hub.live.length + hub.gone.length).toBe(0);
  });

  test('has to come in time', async () => {
    await using hub = await serveHub({}, { limits: { handshakeTimeoutMs: 100 } });
    const raw = await open(hub);
    expect(await raw.closed).toBe(1000);
    expect(raw.all()).toBe('{"error":"Handshake was canceled."}\u001e');
    await eventually(() => (hub.connections === 0 ? undefined : 'the socket is still here'));
  });
});

describe('hub messages', () => {
  const invocation = '{"type":1,"headers":{"a":"b"},"invocationId":"7","target":"echo","arguments":["€",1]}\u001e';
  const packed = hex('15 96 01 81 a1 61 a1 62 a1 37 a4 65 63 68 6f 92 a3 e2 82 ac 01 90');

  test('in JSON may be cut anywhere', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub);
    const bytes = Buffer.from(invocation);
    for (let cut = 0; cut <= bytes.length; cut++) {
      raw.socket.send(bytes.subarray(0, cut), { binary: true });
      raw.socket.send(bytes.subarray(cut), { binary: true });
    }
    raw.socket.send('{"type":1,"invocationId":"8","target":"echo","arguments":[]}\u001e');
    const answer = '{"type":3,"invocationId":"7","result":["€",1]}\u001e';
    const last = '{"type":3,"invocationId":"8","result":[]}\u001e';
    const expected = `{}\u001e${answer.repeat(bytes.length + 1)}${last}`;
    await eventually(() => (raw.all() === expected ? undefined : `${raw.all().length} of ${expected.length}`));
  });

  test('in MessagePack may be cut anywhere, also inside the length', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub, 'messagepack');
    for (let cut = 0; cut <= packed.length; cut++) {
      raw.socket.send(packed.subarray(0, cut));
      raw.socket.send(packed.subarray(cut));
    }
    const answer = hex('0d 95 03 80 a1 37 03 92 a3 e2 82 ac 01');
    await eventually(() => (raw.frames.length === packed.length + 2 ? undefined : `${raw.frames.length} frames`));
    for (const frame of raw.frames.slice(1)) expect(frame.bytes.subarray(1)).toEqual(answer.subarray(1));
  });

  test('of kinds that this server has no use for are ignored', async () => {
    await using hub = await serveHub();
    const json = await shake(hub);
    const packedSocket = await shake(hub, 'messagepack');
    const ignored = [
      '{"type":2,"invocationId":"1","item":1}',
      '{"type":3,"invocationId":"1","result":1}',
      '{"type":5,"invocationId":"1"}',
      '{"type":6}',
      '{"type":8,"sequenceId":1}',
      '{"type":9,"sequenceId":1}',
      '{"type":99}',
      '{"type":1,"target":"note","arguments":[]}',
    ];
    json.socket.send(`${ignored.join('\u001e')}\u001e`);
    const vectors = [
      '08 94 02 80 a3 78 79 7a 2a',
      '0e 95 03 80 a3 78 79 7a 01 a5 45 72 72 6f 72',
      '08 94 03 80 a3 78 79 7a 02',
      '09 95 03 80 a3 78 79 7a 03 2a',
      '07 93 05 80 a3 78 79 7a',
      '02 91 06',
      '03 92 08 24',
      '03 92 09 13',
      '03 91 cc 63',
      '0b 95 01 80 c0 a4 6e 6f 74 65 91 01',
    ];
    packedSocket.socket.send(hex(vectors.join('')));
    await eventually(() => (hub.calls.length === 2 ? undefined : `${hub.calls.length} calls`));
    expect(hub.live).toHaveLength(2);
  });

  test('that are invocations are read from the bytes of the real client', async () => {
    await using hub = await serveHub({ methods: { method: (_it, value) => value, M: (_it, value) => value } });
    const raw = await shake(hub, 'messagepack');
    raw.socket.send(hex('11 96 01 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 90'));
    raw.socket.send(hex('08 95 01 80 c0 a1 4d 91 01'));
    raw.socket.send(hex('10 95 04 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a'));
    await eventually(() => (raw.frames.length === 3 ? undefined : `${raw.frames.length} frames`));
    expect(raw.frames[1]?.bytes).toEqual(hex('09 95 03 80 a3 78 79 7a 03 2a'));
    expect(raw.frames[2]?.bytes.toString()).toContain('non-streaming');
  });

  test('are answered in order, one at a time', async () => {
    const finish: (() => void)[] = [];
    const started: unknown[] = [];
    const wait = (_connection: unknown, value: unknown) => {
      started.push(value);
      return new Promise<void>((resolve) => finish.push(resolve));
    };
    await using hub = await serveHub({ methods: { wait } });
    const raw = await shake(hub);
    for (const n of [1, 2, 3]) {
      raw.socket.send(`{"type":1,"invocationId":"${n}","target":"wait","arguments":[${n}]}\u001e`);
    }
    for (const n of [1, 2, 3]) {
      await eventually(() => (started.length === n ? undefined : `${started.length} started`));
      finish[n - 1]?.();
      await eventually(() => (raw.all().includes(`"invocationId":"${n}"`) ? undefined : 'no answer'));
      expect(raw.all()).not.toContain(`"invocationId":"${n + 1}"`);
    }
  });

  test('of a flood behind a busy method wait outside of the process', async () => {
    let finish = () => {};
    let done = 0;
    const methods = {
      wait: () => new Promise<void>((resolve) => (finish = resolve)),
      note: () => void done++,
    };
    await using hub = await serveHub({ methods }, { limits: { clientTimeoutMs: 300 } });
    const raw = await shake(hub);
    raw.socket.send('{"type":1,"target":"wait","arguments":[]}\u001e');
    const message = `{"type":1,"target":"note","arguments":["${'x'.repeat(20_000)}"]}\u001e`;
    let sent = 0;
    await eventually(() => {
      for (let n = 0; n < 50; n++, sent++) raw.socket.send(message);
      return raw.socket.bufferedAmount > 1_000_000 ? undefined : 'the server still reads';
    });
    expect(done).toBe(0);
    const silent = await shake(hub);
    await silent.closed;
    finish();
    await eventually(() => (done === sent ? undefined : `${done} of ${sent}`));
    expect(hub.live).toHaveLength(1);
  });
});

describe('a client that breaks the rules ends itself only', () => {
  const closedWithError = '"error":"Connection closed with an error.';
  const size = 'InvalidDataException: The maximum message size of 32768B was exceeded.';
  const invoke = (argument: string) => `{"type":1,"invocationId":"1","target":"echo","arguments":[${argument}]}\u001e`;
  const overhead = Buffer.byteLength(invoke('""'));
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

  test.each([
    ['not JSON', 'nonsense\u001e', closedWithError],
    ['not an object', '[]\u001e', closedWithError],
    ['empty', '\u001e', closedWithError],
    ['no type', '{}\u001e', closedWithError],
    ['type of the wrong type', '{"type":"1"}\u001e', closedWithError],
    ['no target', '{"type":1,"arguments":[]}\u001e', closedWithError],
    ['target of the wrong type', '{"type":1,"target":{},"arguments":[]}\u001e', closedWithError],
    ['no arguments', '{"type":1,"target":"echo"}\u001e', closedWithError],
    ['arguments of the wrong type', '{"type":1,"target":"echo","arguments":{"length":1}}\u001e', closedWithError],
    ['id of the wrong type', '{"type":1,"invocationId":1,"target":"echo","arguments":[]}\u001e', closedWithError],
    ['a stream without id', '{"type":4,"target":"echo","arguments":[]}\u001e', closedWithError],
    ['a prototype key', invoke('{"__proto__":{"admin":true}}'), closedWithError],
    ['a hidden prototype key', invoke('{"\\u005f_proto__":{}}'), closedWithError],
    ['deep', invoke(nested(63)), closedWithError],
    ['10,000 deep', invoke(nested(10_000)), closedWithError],
    [
      'not UTF-8',
      Buffer.concat([Buffer.from('{"type":6,"x":"'), Buffer.of(0xff), Buffer.from('"}\u001e')]),
      closedWithError,
    ],
    ['a byte too long', invoke(`"${'x'.repeat(32 * 1024 - overhead + 1)}"`), size],
    ['too long and without end', 'x'.repeat(32 * 1024), size],
  ])('JSON: %s', async (_name, message, expected) => {
    await using hub = await serveHub();
    const healthy = await shake(hub);
    const raw = await shake(hub);
    raw.socket.send(message, { binary: true });
    expect(await raw.closed).toBe(1000);
    expect(raw.all()).toContain(expected);
    expect(raw.all()).toContain('"allowReconnect":true');
    await eventually(() => (hub.gone.length === 1 ? undefined : 'not gone'));
    expect(hub.gone[0]?.error).toBeInstanceOf(Error);
    healthy.socket.send(invoke('"still here"'));
    await eventually(() => (healthy.all().includes('still here') ? undefined : 'the neighbour is not served'));
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(hub.errors).toEqual([]);
  });

  test('JSON at the limits passes', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub);
    raw.socket.send(invoke(`"${'x'.repeat(32 * 1024 - overhead)}"`));
    raw.socket.send(invoke(nested(62)));
    raw.socket.send(invoke('{"constructor":{"prototype":{"x":1}}}'));
    await eventually(() => (raw.frames.length === 4 ? undefined : `${raw.frames.length} frames`));
  });

  test.each([
    ['not MessagePack', '01 c1'],
    ['not an array', '01 80'],
    ['an empty array', '01 90'],
    ['an empty message', '00'],
    ['a longer length than content', '05 91 06 91 06 91'],
    ['a value cut off', '03 93 05 80'],
    ['an array of 4 billion', '06 dd ff ff ff ff 01'],
    ['a map of 4 billion', '06 df ff ff ff ff 01'],
    ['a string of 4 billion', '06 db ff ff ff ff 01'],
    ['a length of 6 bytes', '80 80 80 80 80 01'],
    ['more than 32 KiB announced', '80 80 02'],
    ['a target of the wrong type', '07 95 01 80 c0 01 91 01'],
    ['a prototype key', '18 95 01 80 c0 a4 6e 6f 74 65 91 81 a9 5f 5f 70 72 6f 74 6f 5f 5f 01 c0'],
    ['deep', `4b 95 01 80 c0 a4 6e 6f 74 65 ${'91'.repeat(64)} c0 c0`],
  ])('MessagePack: %s', async (_name, message) => {
    await using hub = await serveHub();
    const healthy = await shake(hub, 'messagepack');
    const raw = await shake(hub, 'messagepack');
    raw.socket.send(hex(message));
    raw.socket.send(Buffer.alloc(10));
    expect(await raw.closed).toBe(1000);
    expect(raw.all()).toContain('Connection closed with an error.');
    healthy.socket.send(hex('0b 95 01 80 c0 a4 6e 6f 74 65 91 01'));
    await eventually(() => (hub.calls.length === 1 ? undefined : 'the neighbour is not served'));
    expect(hub.errors).toEqual([]);
  });

  test('a WebSocket message above its limit is 1009', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub);
    raw.socket.send(' '.repeat(64 * 1024 + 1));
    expect(await raw.closed).toBe(1009);
    await eventually(() => (hub.gone.length === 1 ? undefined : 'not gone'));
  });

  test('several small messages may fill a WebSocket message to its limit', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub);
    raw.socket.send(
      '{"type":6}\u001e'
        .repeat(5957)
        .padEnd(64 * 1024, '\u001e')
        .slice(0, 5957 * 11),
    );
    raw.socket.send(invoke('"done"'));
    await eventually(() => (raw.all().includes('done') ? undefined : 'not served'));
  });

  test('too many messages in a minute', async () => {
    await using hub = await serveHub({}, { limits: { maxMessagesPerMinute: 20 } });
    const healthy = await shake(hub);
    const raw = await shake(hub);
    for (let n = 0; n < 21; n++) raw.socket.send(invoke(`${n}`));
    expect(await raw.closed).toBe(1000);
    expect(raw.all()).toContain('"result":[19]');
    expect(raw.all()).not.toContain('"result":[20]');
    expect(raw.all()).toContain('Too many messages.');
    healthy.socket.send(invoke('"fine"'));
    await eventually(() => (healthy.all().includes('fine') ? undefined : 'the neighbour is not served'));
  });
});

describe('the end', () => {
  test('a close without code is answered with 1000, one with a code with the same', async () => {
    await using hub = await serveHub();
    const without = await shake(hub);
    without.socket.close();
    expect(await without.closed).toBe(1000);
    const going = await shake(hub);
    going.socket.close(1001);
    expect(await going.closed).toBe(1001);
    await eventually(() => (hub.gone.length === 2 ? undefined : 'not gone'));
    expect(hub.gone.map((it) => it.error)).toEqual([undefined, undefined]);
  });

  test('a socket that breaks is an error, told once', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub);
    raw.socket.terminate();
    await eventually(() => (hub.gone.length === 1 ? undefined : 'not gone'));
    expect(hub.gone[0]?.error?.message).toContain('1006');
    expect(hub.connections).toBe(0);
  });

  test('a Close message ends cleanly', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub);
    raw.socket.send('{"type":7}\u001e{"type":1,"target":"note","arguments":[]}\u001e');
    expect(await raw.closed).toBe(1000);
    expect(hub.gone).toEqual([{ id: expect.any(String), error: undefined }]);
    expect(hub.calls).toEqual([]);
  });

  test('writing and closing after it does nothing', async () => {
    await using hub = await serveHub();
    const raw = await shake(hub);
    const [connection] = hub.live;
    connection?.close();
    connection?.close({ error: 'again' });
    connection?.write([encodeInvocation('json', 'a', [])]);
    expect(await raw.closed).toBe(1000);
    expect(raw.all()).toBe('{}\u001e{"type":7}\u001e');
    expect(connection?.bufferedBytes).toBe(0);
    expect(hub.gone).toHaveLength(1);
  });

  test('a failing onConnected ends the client for good, and it never was connected', async () => {
    for (const onConnected of [
      () => Promise.reject(new Error('x')),
      () => {
        throw new Error('x');
      },
    ]) {
      await using hub = await serveHub({ onConnected });
      const raw = await shake(hub);
      expect(await raw.closed).toBe(1000);
      expect(raw.all()).toBe('{}\u001e{"type":7,"error":"Connection closed with an error."}\u001e');
      expect(hub.gone).toEqual([]);
      expect(hub.errors).toHaveLength(1);
    }
  });

  test('during a slow onConnected is told after it', async () => {
    let finish = () => {};
    await using hub = await serveHub({ onConnected: () => new Promise<void>((resolve) => (finish = resolve)) });
    const raw = await shake(hub);
    raw.socket.send('{"type":1,"target":"note","arguments":[]}\u001e');
    raw.socket.terminate();
    await eventually(() => (hub.connections === 0 ? undefined : 'still here'));
    expect(hub.gone).toEqual([]);
    finish();
    await eventually(() => (hub.gone.length === 1 ? undefined : 'not told'));
    expect(hub.calls).toEqual([]);
  });
});

describe('time', () => {
  const quick: Partial<SignalRLimits> = { keepAliveMs: 100, clientTimeoutMs: 400 };

  test('pings go out when nothing else did, in both protocols', async () => {
    await using hub = await serveHub({}, { limits: { keepAliveMs: 100 } });
    const json = await shake(hub);
    const packed = await shake(hub, 'messagepack');
    await eventually(() => (json.all().includes('{"type":6}\u001e{"type":6}\u001e') ? undefined : json.all()));
    expect(packed.frames[1]?.bytes).toEqual(hex('02 91 06'));
  });

  test('no pings go out while there is something to send', async () => {
    await using hub = await serveHub({}, { limits: { keepAliveMs: 1000 } });
    const raw = await shake(hub);
    const until = Date.now() + 2000;
    for (let n = 0; Date.now() < until; n++) {
      hub.live[0]?.write([encodeInvocation('json', 'a', [n])]);
      await eventually(() => (raw.all().includes(`[${n}]`) ? undefined : 'not there'));
    }
    expect(raw.all()).not.toContain('"type":6');
  });

  test('a silent client is ended and may reconnect, one that pings stays', async () => {
    await using hub = await serveHub({}, { limits: quick });
    const silent = await shake(hub);
    const alive = await shake(hub);
    const pinging = setInterval(() => alive.socket.send('{"type":6}\u001e'), 50);
    expect(await silent.closed).toBe(1000);
    expect(silent.all()).toContain('{"type":7,"allowReconnect":true}\u001e');
    expect(hub.live).toHaveLength(1);
    expect(hub.gone[0]?.error?.message).toContain('client time-out');
    clearInterval(pinging);
  });

  test('a client that does not read is counted byte by byte, and cut at the end', async () => {
    await using hub = await serveHub({}, { limits: { clientTimeoutMs: 600 } });
    const raw = await shake(hub);
    raw.socket.pause();
    const [connection] = hub.live;
    const message = encodeInvocation('json', 'a', ['x'.repeat(1_000_000)]);
    let last = 0;
    await eventually(() => {
      connection?.write([message]);
      const grown = (connection?.bufferedBytes ?? 0) - last;
      last += grown;
      return grown >= message.length && grown < message.length + 100 ? undefined : 'the kernel still takes it';
    });
    await eventually(() => (hub.connections === 0 ? undefined : 'it is still here'));
    expect(connection?.bufferedBytes).toBe(0);
    raw.socket.terminate();
  });

  test('first messages are held until the client speaks, and count as buffered', async () => {
    await using hub = await serveHub({ holdFirstMessageMs: 60_000 });
    const raw = await shake(hub);
    const [connection] = hub.live;
    const message = encodeInvocation('json', 'a', []);
    connection?.write([message]);
    connection?.write([message, message]);
    raw.socket.ping();
    await new Promise((resolve) => raw.socket.once('pong', resolve));
    expect(raw.all()).toBe('{}\u001e');
    expect(connection?.bufferedBytes).toBe(3 * message.length);
    raw.socket.send('{"type":6}\u001e');
    await eventually(() => (raw.frames.length === 2 ? undefined : 'still held'));
    expect(raw.frames[1]?.bytes.length).toBe(3 * message.length);
    connection?.write([message]);
    await eventually(() => (raw.frames.length === 3 ? undefined : 'held again'));
  });

  test('first messages are held no longer than said, and a close lets them go before', async () => {
    await using hub = await serveHub({ holdFirstMessageMs: 100 });
    const raw = await shake(hub);
    hub.live[0]?.write([encodeInvocation('json', 'a', [])]);
    await eventually(() => (raw.all().includes('"target":"a"') ? undefined : 'still held'));
    await using patient = await serveHub({ holdFirstMessageMs: 60_000 });
    const other = await shake(patient);
    patient.live[0]?.write([encodeInvocation('json', 'b', [])]);
    patient.live[0]?.close();
    await other.closed;
    expect(other.all()).toBe('{}\u001e{"type":1,"target":"b","arguments":[]}\u001e{"type":7}\u001e');
  });
});

test('compression is not negotiated, a subprotocol not chosen', async () => {
  await using hub = await serveHub();
  const { socket } = await open(hub, { perMessageDeflate: true });
  expect([socket.extensions, socket.protocol]).toEqual(['', '']);
});

test('a socket that dies while it is being authorized harms nobody', async () => {
  let arrived = 0;
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  await using hub = await serveHub({
    authorize: async () => {
      const number = ++arrived;
      if (number <= 10) await gate;
      if (number <= 5) throw Object.assign(new Error('no'), { status: 401 });
      return { name: 'alice', expired: false };
    },
  });
  const upgrade = `GET /hubs/test HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
  const sockets = Array.from({ length: 10 }, () => connect(hub.port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.write(upgrade);
  }
  await eventually(() => (arrived === 10 ? undefined : `${arrived} arrived`));
  for (const socket of sockets) socket.resetAndDestroy();
  release();
  const raw = await shake(hub);
  expect(raw.all()).toBe('{}\u001e');
  await eventually(() => (hub.connections === 1 ? undefined : `${hub.connections} connections`));
});
