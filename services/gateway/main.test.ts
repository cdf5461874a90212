import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService as startProcess } from '#test/dev-env/process.ts';
import { sharedRedis } from '#test/dev-env/shared.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { bearerOf, secret, startService, tokenOf, upgrade } from './gateway.fixture.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  open.push(started);
  return started;
}

type Running = { readonly service: Service; readonly url: string; readonly ops: string };

async function start(main: string, env: Record<string, string>): Promise<Running> {
  const [port, opsPort] = [await freePort(), await freePort()];
  const ops = `http://127.0.0.1:${opsPort}`;
  const service = await use(
    startProcess({
      main,
      env: { HOST: '127.0.0.1', PORT: String(port), OPS_PORT: String(opsPort), JWT_HS256_SECRET: secret, ...env },
      readyUrl: `${ops}/readyz`,
    }),
  );
  return { service, url: `http://127.0.0.1:${port}`, ops };
}

const startGateway = (env: Record<string, string>) => start('services/gateway/main.ts', env);

async function readyz(ops: string) {
  const answer = await fetch(`${ops}/readyz`);
  const { parts } = (await answer.json()) as { parts: Record<string, { ready: boolean; detail: string }> };
  return { status: answer.status, parts };
}

/** The notification service as it runs alone, on a file and without its servers. */
async function startNotification(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-gateway-'));
  open.push({ [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) });
  const nowhere = `127.0.0.1:${await freePort()}`;
  return start('services/notification/main.ts', {
    AMQP_URL: `amqp://${nowhere}`,
    REDIS_URL: `redis://${nowhere}`,
    INTERNAL_SECRET: secret,
    DATA_DIR: join(folder, 'data'),
  });
}

describe('the gateway process', () => {
  it('stands in front of the notification service: the same answers, one correlation id, nothing internal', async () => {
    const notification = await startNotification();
    const gateway = await startGateway({ NOTIFICATION_URL: notification.url });
    const headers = { ...(await bearerOf('alice')), 'x-correlation-id': 'find-me-in-both' };
    for (const path of ['', '/unread-count', '/feed', '/nowhere', '?pageSize=x']) {
      const [direct, through] = await Promise.all(
        [notification.url, gateway.url].map((url) => fetch(`${url}/api/notifications${path}`, { headers })),
      );
      expect(through?.status).toBe(direct?.status);
      expect(await through?.json()).toEqual(await direct?.json());
      expect(through?.headers.get('x-correlation-id')).toBe('find-me-in-both');
    }
    const body = JSON.stringify({ streams: [] });
    const internal = await fetch(`${gateway.url}/internal/heads`, { method: 'POST', headers, body });
    expect(internal.status).toBe(404);
    for (const path of ['/metrics', '/readyz', '/livez']) expect((await fetch(gateway.url + path)).status).toBe(404);
    await eventually(() => (gateway.service.output().includes('find-me-in-both') ? undefined : 'not logged'));
    expect(notification.service.output()).toContain('find-me-in-both');
    expect(await (await fetch(`${gateway.ops}/metrics`)).text()).toMatch(
      /gateway_requests_total\{.*route="notifications"/,
    );
    expect(await gateway.service.stop()).toMatchObject({ code: 0 });
    for (const secretPart of [secret, ...(await tokenOf('alice')).split('.').slice(2)]) {
      expect(gateway.service.output()).not.toContain(secretPart);
    }
  });

  it('starts before everything behind it, says so, and serves when it comes', async () => {
    const nowhere = `127.0.0.1:${await freePort()}`;
    const gateway = await startGateway({
      NOTIFICATION_URL: `http://${nowhere}`,
      HUB_URL: `http://${nowhere}`,
      REDIS_URL: `redis://user:canary-password@${nowhere}`,
      GATEWAY_CIRCUIT_FAILURES: '1',
    });
    const headers = await bearerOf('alice');
    expect((await fetch(`${gateway.url}/api/notifications`, { headers })).status).toBe(503);
    expect(await readyz(gateway.ops)).toMatchObject({
      status: 200,
      parts: {
        limits: { ready: false, detail: expect.stringContaining('waiting for Redis') },
        notification: { ready: false, detail: `does not answer at ${nowhere}` },
        hub: { ready: true },
      },
    });
    expect(await (await fetch(`${gateway.ops}/metrics`)).text()).toMatch(/gateway_limits_local\{.*\} 1/);
    expect(gateway.service.output()).not.toContain('canary-password');
    expect(await gateway.service.stop()).toMatchObject({ code: 0 });
  });

  it('refuses banned tokens itself where it may ask who is banned; else the services do, and it says so', async () => {
    const until = Date.now() + 3_600_000;
    const page = { revocations: [{ kind: 'user', id: 'alice', until }], next: null };
    const service = await use(
      startService((request, response) => {
        const isList = request.url?.startsWith('/internal/revocations');
        response.writeHead(200, { 'content-type': 'application/json' }).end(isList ? JSON.stringify(page) : '{}');
      }),
    );
    const env = { NOTIFICATION_URL: service.url };
    const [asking, blind] = [await startGateway({ ...env, INTERNAL_SECRET: secret }), await startGateway(env)];
    const statusOf = async ({ url }: Running, user: string) =>
      (await fetch(`${url}/api/notifications`, { headers: await bearerOf(user) })).status;
    expect([await statusOf(asking, 'alice'), await statusOf(asking, 'bob')]).toEqual([401, 200]);
    expect([await statusOf(blind, 'alice'), await statusOf(blind, 'bob')]).toEqual([200, 200]);
    expect((await readyz(asking.ops)).parts['revocations']).toMatchObject({ ready: true, detail: 'known' });
    expect((await readyz(blind.ops)).parts['revocations']?.detail).toContain('INTERNAL_SECRET is not set');
    expect((await fetch(`${asking.url}/internal/revocations`, { headers: await bearerOf('bob') })).status).toBe(404);
    for (const { service: process } of [asking, blind]) expect(await process.stop()).toMatchObject({ code: 0 });
  });

  it('at SIGTERM is NotReady, takes no socket, ends those it has, and finishes what it has in hand', async () => {
    const inHand: ServerResponse[] = [];
    const rest = await use(startService((_request, response) => void inHand.push(response)));
    const hub = await use(startService());
    hub.upgrades();
    const gateway = await startGateway({
      NOTIFICATION_URL: rest.url,
      HUB_URL: hub.url,
      GATEWAY_DRAIN_WINDOW_MS: '3000',
    });
    const path = `/hubs/notifications?access_token=${await tokenOf('alice')}`;
    let ended = 0;
    for (let count = 0; count < 5; count += 1) {
      const { status, socket } = await upgrade(gateway.url + path);
      expect(status).toBe(101);
      socket
        ?.on('close', () => {
          ended += 1;
        })
        .resume();
    }
    const calling = fetch(`${gateway.url}/api/notifications`, { headers: await bearerOf('alice') });
    await eventually(() => (inHand.length === 1 ? undefined : 'not there yet'));
    const stopping = gateway.service.stop();
    await eventually(async () => ((await readyz(gateway.ops)).status === 503 ? undefined : 'still ready'));
    expect((await upgrade(gateway.url + path)).status).toBe(503);
    inHand[0]?.end('{"late":true}');
    const answer = await calling;
    expect([answer.status, await answer.text()]).toEqual([200, '{"late":true}']);
    expect(await stopping).toMatchObject({ code: 0 });
    expect(ended).toBe(5);
  });

  it.each([
    ['no settings', {}, /NOTIFICATION_URL is required.*\n.*JWT_JWKS_URL or JWT_HS256_SECRET/],
    [
      'a proxy that is no address',
      { NOTIFICATION_URL: 'http://x', GATEWAY_TRUSTED_PROXIES: 'lb' },
      /trusted proxy.*got lb/,
    ],
    ['an origin that no browser sends', { NOTIFICATION_URL: 'http://x', CORS_ORIGINS: '*' }, /an origin must read/],
  ])('with %s ends with a plain word', async (_what, env, said) => {
    const key = Object.keys(env).length > 0 ? { JWT_HS256_SECRET: secret, OPS_PORT: '0', PORT: '0' } : {};
    const process = await use(startProcess({ main: 'services/gateway/main.ts', env: { ...key, ...env } }));
    expect((await process.exited).code).toBe(78);
    expect(process.output()).toMatch(said);
    expect(process.output()).not.toContain(secret);
  });
});

describeWithServer('redis', 'two gateway processes on one Redis', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await sharedRedis());
  });

  it('count together', async () => {
    const service = await use(startService());
    const env = { NOTIFICATION_URL: service.url, REDIS_URL: url, GATEWAY_WRITES_PER_MINUTE: '4' };
    const gateways = await Promise.all([startGateway(env), startGateway(env)]);
    for (const { ops } of gateways) {
      await eventually(async () => ((await readyz(ops)).parts['limits']?.ready ? undefined : 'not connected'));
    }
    const headers = await bearerOf(`alice-${crypto.randomUUID()}`);
    const statuses: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      const gateway = gateways[count % 2];
      statuses.push((await fetch(`${gateway?.url}/api/notifications/read-all`, { method: 'PUT', headers })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  });
});
