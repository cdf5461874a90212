import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PlatformError } from '#shared/contract/errors.ts';
import { type Listener, listen } from '#shared/runtime/listen.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { openApiDocument } from './openapi.ts';
import { apiDocPaths, createApiDocs } from './serve-api-docs.ts';

const openApi = openApiDocument([
  {
    method: 'get',
    path: '/api/things/:id',
    name: 'readThing',
    tag: 'messages',
    summary: 'Read <script>alert(1)</script> & `code`',
    params: z.object({ id: z.string() }),
    answers: { 200: z.object({ id: z.string() }).meta({ id: 'TestThing' }) },
    refuses: ['not_found'],
  },
]);

let listener: Listener;
let url: string;

beforeAll(async () => {
  const docs = createApiDocs(openApi, asyncApiDocument());
  const server = createServer((request, response) => {
    try {
      if (!docs(request, response)) response.writeHead(404).end();
    } catch (error) {
      response.writeHead(error instanceof PlatformError ? error.status : 500).end();
    }
  });
  listener = await listen(server, { host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${listener.port}`;
});
afterAll(() => listener?.close());

describe('the documents and their page', () => {
  it('are served as they are', async () => {
    expect(await (await fetch(url + apiDocPaths.openApi)).json()).toEqual(JSON.parse(JSON.stringify(openApi)));
    expect(await (await fetch(url + apiDocPaths.asyncApi)).json()).toMatchObject({ asyncapi: '3.0.0' });
  });

  it('show every operation, channel and schema, and run nothing', async () => {
    const response = await fetch(`${url}${apiDocPaths.page}?x=1`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self';/);
    expect(page).toContain('<code>/api/things/{id}</code>');
    for (const text of ['/hubs/chat', '/socket.io', 'ReceiveMessage', 'WatchPresence', 'MessageSentEvent']) {
      expect(page).toContain(text);
    }
    expect(page).toContain('&#60;script&#62;alert(1)&#60;/script&#62; &#38; <code>code</code>');
    expect(page).not.toMatch(/<script|style=|javascript:|https?:\/\//);
  });

  it('links to nothing that is not on the page', async () => {
    const page = await (await fetch(url + apiDocPaths.page)).text();
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
  });

  it.each(Object.values(apiDocPaths))('are not sent again to whoever has them: %s', async (path) => {
    const first = await fetch(url + path);
    const etag = first.headers.get('etag') ?? '';
    expect((await first.text()).length).toBeGreaterThan(100);
    expect((await fetch(url + path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await fetch(url + path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    const head = await fetch(url + path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('are only read, and nothing else is answered', async () => {
    expect((await fetch(url + apiDocPaths.page, { method: 'POST' })).status).toBe(405);
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(`${url}/openapi.jsonx`)).status).toBe(404);
  });
});
