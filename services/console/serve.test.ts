import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildPage, type Page } from './build.ts';
import { servePage } from './serve.ts';

let page: Page;
let server: Server;
let url: string;

beforeAll(async () => {
  page = await buildPage();
  server = createServer(express().use(servePage(page))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
});

const assets = () => [...page.keys()].filter((path) => path !== '/');

it('holds a document and its script, style and icon, named by their content', () => {
  expect(
    assets()
      .map((path) => path.replace(/-[A-Z0-9]{8}\./, '-HASH.'))
      .sort(),
  ).toEqual(['/assets/icon-HASH.svg', '/assets/page-HASH.css', '/assets/page-HASH.js']);
  const document = page.get('/')?.body.toString() ?? '';
  for (const path of assets()) expect(document).toContain(`"${path}"`);
});

it('names a file differently as soon as its content differs, and only then', async () => {
  expect([...(await buildPage()).keys()]).toEqual([...page.keys()]);
});

it('carries nothing inline and nothing from elsewhere', () => {
  const document = page.get('/')?.body.toString() ?? '';
  expect(document).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\son\w+=|https?:/);
  expect(page.get(assets().find((path) => path.endsWith('.css')) ?? '')?.body.toString()).not.toMatch(
    /https?:|@import/,
  );
});

it('serves the document to be checked each time, the rest for good', async () => {
  const document = await fetch(url);
  expect(document.status).toBe(200);
  expect(document.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(document.headers.get('cache-control')).toBe('no-cache');
  for (const path of assets()) {
    const asset = await fetch(url + path);
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
    expect(Buffer.from(await asset.arrayBuffer()).equals(page.get(path)?.body ?? Buffer.alloc(0))).toBe(true);
  }
});

it('answers 304 to whoever has it', async () => {
  const etag = (await fetch(url)).headers.get('etag') ?? '';
  // Without it Node's fetch asks past every cache.
  const asBrowser = { 'cache-control': 'max-age=0' };
  expect((await fetch(url, { headers: { ...asBrowser, 'if-none-match': etag } })).status).toBe(304);
  expect((await fetch(url, { headers: { ...asBrowser, 'if-none-match': '"other"' } })).status).toBe(200);
});

it('lets nothing inline or foreign run, and sockets go to this host only', async () => {
  const policy = (await fetch(url)).headers.get('content-security-policy') ?? '';
  const { host } = new URL(url);
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain(`connect-src 'self' ws://${host} wss://${host};`);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
});

it('leaves other paths and methods to others', async () => {
  for (const path of ['/nothing', '/assets/', '/assets/../package.json', '/constructor']) {
    expect((await fetch(url + path)).status).toBe(404);
  }
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  const head = await fetch(url, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
});
