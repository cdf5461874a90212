import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium } from '../../test/dev-env/chromium.ts';
import { freePort } from '../../test/dev-env/free-port.ts';
import { type Service, startService } from '../../test/dev-env/process.ts';
import { describeWithServer } from '../../test/dev-env/with-server.ts';
import { eventually } from '../../test/eventually.ts';

describeWithServer('chromium', 'the SDK in a browser, with React', () => {
  let folder: string;
  let url: string;
  let opsUrl: string;
  let service: Service;
  let browser: Browser & AsyncDisposable;
  let pageUrl: string;
  let pages: Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sonixy-sdk-page-'));
    const [port, opsPort, pagePort] = [await freePort(), await freePort(), await freePort()];
    [url, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${opsPort}`];
    pageUrl = `http://127.0.0.1:${pagePort}`;
    const env = { DATA_DIR: folder, PORT: String(port), OPS_PORT: String(opsPort), CORS_ORIGINS: pageUrl };
    service = await startService({ main: 'services/standalone/main.ts', env, readyUrl: `${opsUrl}/readyz` });
    browser = await launchChromium();
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, 'react', 'app.fixture.tsx')],
      bundle: true,
      write: false,
      format: 'esm',
      jsx: 'automatic',
      define: { 'process.env.NODE_ENV': '"production"' },
      logLevel: 'silent',
    });
    const script = outputFiles[0]?.text ?? '';
    // From an origin of its own, so that a page can be loaded while the platform is away.
    pages = createServer(({ url: path = '' }, response) => {
      const isScript = path === '/sdk.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<div id="root"></div><script type="module" src="/sdk.js"></script>');
    });
    await new Promise<void>((resolve) => pages.listen(pagePort, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    await browser?.close();
    pages?.close();
    await service?.kill();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function person(): Promise<BrowserContext> {
    const context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    return context;
  }

  async function open(context: BrowserContext, user: string, rest = ''): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${pageUrl}/?platform=${encodeURIComponent(url)}&user=${user}${rest}`);
    return page;
  }

  async function group(user: string, others: string[], name: string): Promise<string> {
    const post = async (path: string, body: object, token?: string) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await response.json()) as Record<string, string>;
    };
    const { token } = await post('/demo/sign-in', { user });
    const { id } = await post('/api/chat/conversations', { type: 1, participantIds: others, name }, token);
    return id ?? '';
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.getByRole('textbox', { name: 'message' }).fill(text);
    await page.keyboard.press('Enter');
  }

  const shows = (page: Page, expected: string[]) =>
    eventually(async () => {
      const rows = await page
        .locator('#messages li')
        .evaluateAll((items) => items.map((item) => `${item.textContent} ${item.getAttribute('data-delivery')}`));
      return String(rows) === String(expected) ? undefined : `shows ${rows}`;
    });
  const isIn = (page: Page, state: string) =>
    eventually(async () => {
      const shown = page.locator('#connection');
      const text = await shown.textContent();
      return text === state ? undefined : `${text}: ${await shown.getAttribute('title')}`;
    });

  async function connections(): Promise<number> {
    const text = await (await fetch(`${opsUrl}/metrics`)).text();
    return [...text.matchAll(/^hub_connections\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  it.each(['signalr', 'socket.io'])('talks over %s: unread, typing, read', async (transport) => {
    const name = `over ${transport}`;
    await group('alice', ['bob'], name);
    const [alices, bobs] = [await person(), await person()];
    const [alice, bob] = [
      await open(alices, 'alice', `&transport=${transport}`),
      await open(bobs, 'bob', `&transport=${transport}`),
    ];
    await alice.getByRole('button', { name: new RegExp(`^${name}`) }).click();
    await bob.getByRole('button', { name: `${name} 1` }).waitFor();
    await isIn(bob, 'connected');
    await isIn(alice, 'connected');
    await say(alice, 'hello');
    await bob.getByRole('button', { name: `${name} 2` }).click();
    await shows(bob, ['hello read by 0 sent']);
    await bob.getByRole('button', { name: 'read', exact: true }).click();
    await shows(alice, ['hello read by 1 sent']);
    await bob.getByRole('button', { name: `${name} 0` }).waitFor();
    await eventually(async () => {
      await bob.getByRole('textbox').press('x');
      return (await alice.locator('#typing').textContent()) === 'bob' ? undefined : 'nobody types';
    });
    for (const context of [alices, bobs]) await context.close();
  });

  it('a reload loses nothing that could not be sent', async () => {
    const id = await group('carol', ['dave'], 'reloaded');
    const context = await person();
    const carol = await open(context, 'carol', `#${id}`);
    await isIn(carol, 'connected');
    await carol.locator('form[data-loaded="true"]').waitFor();
    await service.kill();
    await say(carol, 'first');
    await say(carol, 'second');
    await isIn(carol, 'waiting');
    await carol.reload();
    await shows(carol, ['first waiting', 'second waiting']);
    await service.restart();
    await shows(carol, ['first read by 0 sent', 'second read by 0 sent']);
    await context.close();
  });

  it('comes back with the network', async () => {
    const id = await group('erin', ['bob'], 'offline');
    const context = await person();
    const erin = await open(context, 'erin', `#${id}`);
    await isIn(erin, 'connected');
    await erin.locator('form[data-loaded="true"]').waitFor();
    await context.setOffline(true);
    await say(erin, 'from a tunnel');
    await eventually(async () => {
      const delivery = await erin.locator('#messages li').getAttribute('data-delivery');
      return delivery === 'waiting' ? undefined : `${delivery}`;
    });
    await context.setOffline(false);
    await shows(erin, ['from a tunnel read by 0 sent']);
    await context.close();
  });

  it.each(['signalr', 'socket.io'])(
    'tabs of one person share their connections over %s, whichever is closed',
    async (transport) => {
      await eventually(async () => ((await connections()) === 0 ? undefined : `${await connections()} connections`));
      const id = await group('dave', ['bob'], `shared over ${transport}`);
      const context = await person();
      const tab = () => open(context, 'dave', `&share&transport=${transport}#${id}`);
      const first = await tab();
      await isIn(first, 'connected');
      const [second, third] = [await tab(), await tab()];
      for (const page of [first, second, third]) {
        await isIn(page, 'connected');
        await page.locator('form[data-loaded="true"]').waitFor();
      }
      // One for notifications and one for chat; socket.io's two are one where one tab has both.
      expect(await connections()).toBeLessThanOrEqual(2);
      await say(second, 'one');
      for (const page of [first, second, third]) await shows(page, ['one read by 0 sent']);
      await first.close();
      await say(third, 'two');
      for (const page of [second, third]) await shows(page, ['one read by 0 sent', 'two read by 0 sent']);
      await isIn(second, 'connected');
      await isIn(third, 'connected');
      await eventually(async () => ((await connections()) <= 2 ? undefined : `${await connections()} connections`));
      await context.close();
    },
  );
});
