import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { demoPosts } from '#services/console/page/posts.ts';
import { launchChromium } from '#test/dev-env/chromium.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';

export type StandalonePage = AsyncDisposable & {
  readonly url: string;
  readonly opsUrl: string;
  readonly dataDir: string;
  readonly service: Service;
  /** A tab with storage of its own, signed in as a demo person; without one, at the front door. */
  open(user?: string, options?: OpenOptions): Promise<Tab>;
  /** What the demo button does, without a tab. */
  act(from: string, to: string, action?: 'Like' | 'Comment' | 'Reply'): Promise<void>;
};

export type OpenOptions = BrowserContextOptions & { transport?: string };

/** A page and everything that it complained about. */
export type Tab = Page & { readonly complaints: string[] };

/** `make run` as a real process with its own data folder, and a browser before it. */
export async function startStandalonePage(env: Record<string, string> = {}): Promise<StandalonePage> {
  await using parts = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'sonixy-page-'));
  parts.defer(() => rm(dataDir, { recursive: true, force: true }));
  const [port, opsPort] = [await freePort(), await freePort()];
  const [url, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${opsPort}`];
  const service = await startService({
    main: 'services/standalone/main.ts',
    env: {
      DATA_DIR: dataDir,
      PORT: String(port),
      OPS_PORT: String(opsPort),
      ...env,
    },
    readyUrl: `${opsUrl}/readyz`,
    // It bundles the page first.
    readyTimeoutMs: 120_000,
  });
  parts.use(service);
  const browser = parts.use(await launchChromium());
  const owned = parts.move();
  return {
    url,
    opsUrl,
    dataDir,
    service,
    open: (user, options = {}) => open(browser, url, user, options),
    async act(from, to, action = 'Like') {
      const { token } = (await post(`${url}/demo/sign-in`, { user: from })) as { token: string };
      await post(`${url}/demo/events`, { action, to, entityId: postOf(to) }, token);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function postOf(user: string): string {
  return demoPosts.find(({ author }) => author === user)?.id ?? `${user}-post`;
}

/** A second tab of the same person in the same browser. */
export async function openBeside(tab: Tab): Promise<Tab> {
  return watched(await tab.context().newPage(), tab.url());
}

async function open(browser: Browser, url: string, user: string | undefined, options: OpenOptions): Promise<Tab> {
  const { transport, ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...contextOptions });
  context.setDefaultTimeout(15_000);
  if (transport) await context.addInitScript((id) => localStorage.setItem('sonixy.transport', id), transport);
  return watched(await context.newPage(), user ? `${url}/#${user}` : url);
}

async function watched(page: Page, url: string): Promise<Tab> {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return Object.assign(page, { complaints });
}

async function post(url: string, body: object, token?: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  return response.json();
}
