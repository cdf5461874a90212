import { expect, test } from 'vitest';
import { eventually } from '#test/eventually.ts';
import { encodeInvocation } from './index.ts';
import { serveHub } from './served-hub.fixture.ts';

// Its only HTTP client for Node needs the package `request`, which is looked for on import unless this global exists.
Object.assign(globalThis, { XMLHttpRequest: class {} });
const { HttpClient, HttpResponse, HttpTransportType, HubConnectionBuilder, LogLevel } = await import('@aspnet/signalr');

class FetchClient extends HttpClient {
  override async send(request: { url?: string; method?: string; content?: unknown; headers?: Record<string, string> }) {
    const response = await fetch(request.url ?? '', {
      method: request.method ?? 'GET',
      body: (request.content as string) || null,
      headers: request.headers ?? {},
    });
    return new HttpResponse(response.status, response.statusText, await response.text());
  }
}

test('@aspnet/signalr 1.1.4, which negotiates version 0, works over WebSockets', async () => {
  await using hub = await serveHub({ holdFirstMessageMs: 100 });
  const connection = new HubConnectionBuilder()
    .withUrl(hub.url, {
      httpClient: new FetchClient(),
      transport: HttpTransportType.WebSockets,
      accessTokenFactory: () => 'alice',
    })
    .configureLogging(LogLevel.None)
    .build();
  const got: unknown[] = [];
  await connection.start();
  hub.live[0]?.write([encodeInvocation('json', 'tick', [1])]);
  connection.on('tick', (value) => got.push(value));
  await eventually(() => (got.length === 1 ? undefined : 'nothing has arrived'));
  expect(await connection.invoke('add', 1, 2)).toBe(3);
  await connection.stop();
  await eventually(() => (hub.gone.length === 1 ? undefined : 'the client is still here'));
});
