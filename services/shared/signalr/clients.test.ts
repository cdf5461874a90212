import * as client10 from '@microsoft/signalr';
import * as messagepack10 from '@microsoft/signalr-protocol-msgpack';
import * as client6 from 'signalr-6';
import * as client8 from 'signalr-8';
import * as messagepack6 from 'signalr-msgpack-6';
import * as messagepack8 from 'signalr-msgpack-8';
import { describe, expect, test } from 'vitest';
import { eventually } from '#test/eventually.ts';
import { encodeInvocation, encodeInvocationOfJson } from './index.ts';
import { serveHub } from './served-hub.fixture.ts';

// The three versions differ in private members only, which TypeScript takes for different types.
const releases = [
  { release: '10', client: client10, MessagePack: messagepack10.MessagePackHubProtocol },
  {
    release: '8',
    client: client8 as unknown as typeof client10,
    MessagePack: messagepack8.MessagePackHubProtocol as unknown as typeof messagepack10.MessagePackHubProtocol,
  },
  {
    release: '6',
    client: client6 as unknown as typeof client10,
    MessagePack: messagepack6.MessagePackHubProtocol as unknown as typeof messagepack10.MessagePackHubProtocol,
  },
];
const lines = [
  { transport: 'WebSockets', protocol: 'json' },
  { transport: 'WebSockets', protocol: 'messagepack' },
  { transport: 'ServerSentEvents', protocol: 'json' },
  { transport: 'LongPolling', protocol: 'json' },
  { transport: 'LongPolling', protocol: 'messagepack' },
] as const;

const table = releases.flatMap((release) => lines.map((line) => ({ ...release, ...line })));
type Row = (typeof table)[number];

function build({ client, transport, protocol, MessagePack }: Row, url: string, reconnect = false) {
  const builder = new client.HubConnectionBuilder()
    .withUrl(url, { transport: client.HttpTransportType[transport], accessTokenFactory: () => 'alice' })
    .configureLogging(client.LogLevel.None);
  if (protocol === 'messagepack') builder.withHubProtocol(new MessagePack());
  if (reconnect) builder.withAutomaticReconnect([0, 50, 50, 50]);
  return builder.build();
}

describe.each(table)('@microsoft/signalr $release over $transport with $protocol', (row) => {
  test('calls methods and gets results and ASP.NET errors', async () => {
    await using hub = await serveHub();
    const connection = build(row, hub.url);
    await connection.start();
    expect(connection.connectionId).toBe(hub.live[0]?.id);
    expect(hub.live[0]).toMatchObject({
      transport: row.transport,
      protocol: row.protocol,
      identity: { name: 'alice' },
    });

    expect(await connection.invoke('add', 1, 2)).toBe(3);
    expect(await connection.invoke('ADD', 2, 2)).toBe(4);
    expect(await connection.invoke('later', 'x')).toBe('x');
    expect(await connection.invoke('nothing')).toBeNull();
    expect(await connection.invoke('echo', 'ä€𝄞', { deep: [1, null, true, 1.5] }, -1)).toEqual([
      'ä€𝄞',
      { deep: [1, null, true, 1.5] },
      -1,
    ]);
    const failures = {
      nope: "Unknown hub method 'nope'",
      reason: "An unexpected error occurred invoking 'reason' on the server. HubException: not today",
      misfit: "Failed to invoke 'misfit' due to an error on the server.",
      forbidden: "Failed to invoke 'forbidden' because user is unauthorized",
      broken: "An unexpected error occurred invoking 'broken' on the server.",
    };
    for (const [method, text] of Object.entries(failures)) {
      await expect(connection.invoke(method)).rejects.toThrow(new Error(text));
    }
    await connection.send('note', 'fire and forget');
    await eventually(() => (hub.calls.length === 1 ? undefined : 'the sent message has not arrived'));
    await connection.stop();
    await eventually(() => (hub.gone.length === 1 ? undefined : 'the client is still here'));
    expect(hub.gone[0]?.error).toBeUndefined();
    await eventually(() => (hub.connections === 0 ? undefined : 'the transport is still here'));
  });

  test('receives what is written, each message once and in order', async () => {
    await using hub = await serveHub();
    const connection = build(row, hub.url);
    const got: unknown[] = [];
    connection.on('tick', (value) => got.push(value));
    await connection.start();
    const [server] = hub.live;
    const sent = Array.from({ length: 200 }, (_, n) => ({ n, text: 'line\nline\u001e€' }));
    for (const [index, value] of sent.entries()) {
      const encoded =
        index % 2 === 0
          ? encodeInvocation(row.protocol, 'TICK', [value])
          : encodeInvocationOfJson(row.protocol, 'tick', Buffer.from(JSON.stringify(value, null, 1)));
      server?.write([encoded, encodeInvocation(row.protocol, 'unheard', [])]);
    }
    await eventually(() => (got.length === sent.length ? undefined : `${got.length} of ${sent.length} arrived`));
    expect(got).toEqual(sent);
    await eventually(() =>
      server?.bufferedBytes === 0 ? undefined : `${server?.bufferedBytes} bytes are still buffered`,
    );
    await connection.stop();
  });

  test('comes back when it is told to, and stays away when it is not', async () => {
    await using hub = await serveHub();
    const connection = build(row, hub.url, true);
    const got: unknown[] = [];
    let closed = 0;
    connection.on('tick', (value) => got.push(value));
    connection.onclose(() => closed++);
    await connection.start();
    const first = hub.live[0];
    first?.close({ allowReconnect: true });
    await eventually(() => (hub.live.length === 1 && hub.live[0] !== first ? undefined : 'it has not come back'));
    hub.live[0]?.write([encodeInvocation(row.protocol, 'tick', ['again'])]);
    await eventually(() => (got.includes('again') ? undefined : 'nothing arrives on the new connection'));
    await eventually(() => (connection.state === 'Connected' ? undefined : connection.state));
    expect(closed).toBe(0);

    hub.live[0]?.close({ error: 'enough' });
    await eventually(() => (closed === 1 ? undefined : 'it has not closed'));
    expect(hub.live).toHaveLength(0);
  });

  test('is refused with the wrong token', async () => {
    await using hub = await serveHub();
    const { client } = row;
    const connection = new client.HubConnectionBuilder()
      .withUrl(hub.url, { accessTokenFactory: () => 'nobody' })
      .configureLogging(client.LogLevel.None)
      .build();
    await expect(connection.start()).rejects.toThrow("Status code '401'");
  });
});

describe.each(releases)('@microsoft/signalr $release', ({ client }) => {
  test('connects without negotiate', async () => {
    await using hub = await serveHub();
    const connection = new client.HubConnectionBuilder()
      .withUrl(hub.url, { transport: client.HttpTransportType.WebSockets, skipNegotiation: true })
      .configureLogging(client.LogLevel.None)
      .build();
    await connection.start();
    expect(await connection.invoke('add', 1, 2)).toBe(3);
    await connection.stop();
  });

  test('gets an error for streams in either direction, and goes on', async () => {
    await using hub = await serveHub();
    const connection = new client.HubConnectionBuilder()
      .withUrl(hub.url)
      .configureLogging(client.LogLevel.None)
      .build();
    await connection.start();
    const streamed = new Promise((_, reject) => {
      connection
        .stream('add', 1, 2)
        .subscribe({ next: reject, complete: () => reject(new Error('done')), error: reject });
    });
    await expect(streamed).rejects.toThrow(
      "The client attempted to invoke the non-streaming 'add' method with a streaming invocation.",
    );
    const subject = new client.Subject<number>();
    const uploaded = connection.invoke('note', subject);
    subject.next(1);
    subject.complete();
    await expect(uploaded).rejects.toThrow('HubException: Client sent 1 stream(s), Hub method expects 0.');
    expect(await connection.invoke('add', 1, 2)).toBe(3);
    await connection.stop();
  });

  test('loses nothing that is written before its handlers are registered', async () => {
    await using hub = await serveHub({
      holdFirstMessageMs: 250,
      onConnected: (connection) => connection.write([encodeInvocation('json', 'welcome', [1])]),
      onDisconnected: () => {},
    });
    const connection = new client.HubConnectionBuilder()
      .withUrl(hub.url)
      .configureLogging(client.LogLevel.None)
      .build();
    await connection.start();
    const got: unknown[] = [];
    connection.on('welcome', (value) => got.push(value));
    await eventually(() => (got.length === 1 ? undefined : 'the first message was lost'));
    await connection.stop();
  });
});

test.each(releases.slice(0, 2))(
  '@microsoft/signalr $release asks for stateful reconnect and goes on without',
  async ({ client }) => {
    await using hub = await serveHub();
    const connection = new client.HubConnectionBuilder()
      .withUrl(hub.url)
      .withStatefulReconnect()
      .withAutomaticReconnect([0, 50])
      .configureLogging(client.LogLevel.None)
      .build();
    await connection.start();
    expect(await connection.invoke('add', 1, 2)).toBe(3);
    const first = hub.live[0];
    first?.close({ allowReconnect: true });
    await eventually(() => (hub.live.length === 1 && hub.live[0] !== first ? undefined : 'it has not come back'));
    await eventually(() => (connection.state === 'Connected' ? undefined : connection.state));
    expect(await connection.invoke('add', 2, 2)).toBe(4);
    await connection.stop();
  },
);
