import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { notificationStream, type UserId } from '#shared/contract/ids.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { createHttpStreamSource } from './stream-source-http.ts';

const tokens = createInternalTokens(randomBytes(32).toString('base64'), systemClock);
const stream = notificationStream('alice' as UserId);
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function sourceOf(listener: RequestListener, timeoutMs = 3_000) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return createHttpStreamSource({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens,
    timeoutMs,
  });
}

const answering = (body: unknown, status = 200) =>
  sourceOf((_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
  );

describe('stream source over HTTP', () => {
  it('posts the request with a token that our services accept', async () => {
    let seen = '';
    let verified: Promise<void> | undefined;
    const source = await sourceOf(async (request, response) => {
      verified = tokens.verify(request.headers.authorization?.slice('Bearer '.length) ?? '');
      for await (const chunk of request) seen += String(chunk);
      response.end(JSON.stringify({ epoch: 'e', heads: [{ stream, seq: 3, number: 2, members: 0 }] }));
    });
    expect(await source.heads({ streams: [stream] })).toEqual({
      epoch: 'e',
      heads: [{ stream, seq: 3, number: 2, members: 0 }],
    });
    await verified;
    expect(JSON.parse(seen)).toEqual({ streams: [stream] });
  });

  it('keeps the body of a row as it is', async () => {
    const rows = [{ kind: 'notification', seq: 1, number: 1, members: 1, body: { a: [1, null], b: { c: 'é' } } }];
    const changes = [{ stream, rows, through: 1, head: { seq: 1, number: 1, members: 1 }, reload: false }];
    const source = await answering({ epoch: 'e', changes });
    expect(await source.changes({ requests: [{ stream, after: 0 }] })).toEqual({ epoch: 'e', changes });
  });

  it.each([
    ['an error', { error: 'no' }, 500],
    ['a refusal', { error: 'no' }, 401],
    ['another shape', { epoch: 1, heads: {} }, 200],
    ['a negative seq', { epoch: 'e', heads: [{ stream, seq: -1, number: 0, members: 0 }] }, 200],
  ])('is unavailable at %s', async (_what, body, status) => {
    await expect((await answering(body, status)).heads({ streams: [stream] })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('is unavailable when nobody answers in time, or at all', async () => {
    const silent = await sourceOf(() => {}, 50);
    await expect(silent.heads({ streams: [stream] })).rejects.toMatchObject({ code: 'unavailable' });
    const gone = createHttpStreamSource({ url: 'http://127.0.0.1:1', tokens });
    await expect(gone.heads({ streams: [stream] })).rejects.toMatchObject({ code: 'unavailable' });
  });
});
