import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { spawnChild } from '#test/dev-env/child.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type BannedPlatform, readiness, startBannedPlatform, waitsForNothing } from './banned-platform.ts';
import { type Client, signalRClient, socketIoClient } from './clients.ts';
import { likeEnvelope, type Publisher, publisherTo } from './publisher.ts';

const soon = () => new Date(Date.now() + 3_600_000).toISOString();
const long = { timeoutMs: 60_000 };

describeWithServer(['rabbitmq', 'redis'], 'a ban closes every socket', () => {
  let platform: BannedPlatform;
  let publisher: Publisher;
  const clients = new AsyncDisposableStack();

  beforeAll(async () => {
    platform = await startBannedPlatform();
    publisher = await publisherTo(platform.rabbitmq.url);
  }, 400_000);
  afterAll(async () => {
    await clients.disposeAsync();
    await publisher?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
  });

  /** A WebSocket and a poll of SignalR, and a socket.io client, over both workers. */
  async function threeSockets(user: string): Promise<Client[]> {
    const [here, there] = platform.hubs;
    const token = await platform.token(user);
    const opened = [
      await signalRClient(10, here.url, token),
      await signalRClient(10, there.url, token, { transport: 'LongPolling' }),
      await socketIoClient(there.url, token),
    ];
    for (const client of opened) clients.use(client);
    return opened;
  }
  const closed = (sockets: readonly Client[]) =>
    eventually(() => {
      const living = sockets.filter((client) => client.connected()).map(({ name }) => name);
      return living.length === 0 ? undefined : `still connected: ${living}`;
    }, long);
  async function like(to: string, post: string, seenBy: readonly Client[]): Promise<void> {
    await publisher.publish(likeEnvelope({ from: 'zoe', to, post }));
    await eventually(() => {
      const missing = seenBy.filter(({ received }) => received.at(-1)?.entityId !== post).map(({ name }) => name);
      return missing.length === 0 ? undefined : `${post} is missing at ${missing}`;
    }, long);
  }
  /** Refused for its token; any other failure is thrown. */
  async function isRefused(hubUrl: string, user: string): Promise<boolean> {
    try {
      clients.use(await signalRClient(10, hubUrl, await platform.token(user)));
      return false;
    } catch (error) {
      if (error instanceof Error && error.message.includes('401')) return true;
      throw error;
    }
  }
  async function rest(user: string) {
    const { notification, chat, gateway } = platform;
    const headers = { authorization: `Bearer ${user === '' ? 'forged' : await platform.token(user)}` };
    const paths = [
      `${notification.url}/api/notifications`,
      `${chat.url}/api/chat/conversations`,
      `${gateway.url}/api/notifications`,
      `${gateway.url}/api/chat/conversations`,
    ];
    const answers = await Promise.all(paths.map((path) => fetch(path, { headers })));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { correlationId?: string }[];
    return {
      statuses: answers.map(({ status }) => status),
      bodies: bodies.map((it) => ({ ...it, correlationId: '' })),
    };
  }

  it('on every worker and in every protocol, lets the user in nowhere, and leaves others alone', async () => {
    const [alice, bob] = [await threeSockets('alice'), await threeSockets('bob')];
    await like('alice', 'before', alice);
    const until = soon();
    expect(await platform.revocations('POST', '', { userId: 'alice', until })).toEqual({
      userId: 'alice',
      until,
      published: true,
    });
    await closed(alice);
    await publisher.publish(likeEnvelope({ from: 'zoe', to: 'alice', post: 'after' }));
    await like('bob', 'still here', bob);
    expect(alice.map(({ received }) => received.map(({ entityId }) => entityId))).toEqual(alice.map(() => ['before']));
    expect(bob.map((client) => [client.connected(), client.losses()])).toEqual(bob.map(() => [true, 0]));
    for (const hub of platform.hubs) expect(await isRefused(hub.url, 'alice')).toBe(true);

    await eventually(async () => {
      const { statuses } = await rest('alice');
      return statuses.every((status) => status === 401) ? undefined : `REST answers ${statuses}`;
    }, long);
    expect((await rest('alice')).bodies).toEqual((await rest('')).bodies);
    expect((await rest('bob')).statuses).toEqual([200, 200, 200, 200]);
  }, 240_000);

  it('and a worker that starts later refuses from its first client on, until it is lifted', async () => {
    await platform.revocations('POST', '', { userId: 'alice', until: soon() });
    const [hub] = platform.hubs;
    await hub.service.restart();
    expect(await isRefused(hub.url, 'alice')).toBe(true);
    expect(await isRefused(hub.url, 'bob')).toBe(false);
    await waitsForNothing(hub.opsUrl);
    expect(await platform.revocations('DELETE', '?userId=alice')).toEqual({ lifted: true, published: true });
    for (const { url } of platform.hubs) {
      await eventually(async () => ((await isRefused(url, 'alice')) ? 'alice is kept out' : undefined), long);
    }
    await eventually(async () => {
      const { statuses } = await rest('alice');
      return statuses.every((status) => status === 200) ? undefined : `REST answers ${statuses}`;
    }, long);
  }, 240_000);

  it('also when Redis was away from the workers meanwhile: as soon as it heals', async () => {
    const [carol, dave] = [await threeSockets('carol'), await threeSockets('dave')];
    platform.hubRedis.refuse();
    platform.hubRedis.cut();
    for (const { opsUrl } of platform.hubs) {
      await eventually(async () => {
        const { parts } = await readiness(opsUrl);
        return parts['backplane']?.ready ? 'Redis is said to be there' : undefined;
      }, long);
    }
    expect(await platform.revocations('POST', '', { userId: 'carol', until: soon() })).toMatchObject({
      published: true,
    });
    expect(carol.every((client) => client.connected())).toBe(true);
    await platform.hubRedis.heal();
    await closed(carol);
    expect(dave.map((client) => [client.connected(), client.losses()])).toEqual(dave.map(() => [true, 0]));
    await like('dave', 'after the heal', dave);
  }, 240_000);

  it('by command too, and lets the user in again by another', async () => {
    const [erin, frank] = [await threeSockets('erin'), await threeSockets('frank')];
    const run = async (...args: string[]) => {
      const command = await spawnChild({
        command: process.execPath,
        args: ['services/notification/main.ts', ...args],
        env: { ...bareEnvironment(), ...platform.commandEnv },
        cwd: resolve(import.meta.dirname, '../..'),
      });
      return { code: (await command.exited).code, output: command.output() };
    };
    const until = soon();
    expect(await run('revoke', '--user', 'erin', '--until', until)).toEqual({
      code: 0,
      output: `user erin is revoked until ${until}\n`,
    });
    await closed(erin);
    expect(await run('lift', '--user', 'erin')).toEqual({ code: 0, output: 'user erin is lifted\n' });
    for (const { url } of platform.hubs) {
      await eventually(async () => ((await isRefused(url, 'erin')) ? 'erin is kept out' : undefined), long);
    }
    expect(frank.every((client) => client.connected())).toBe(true);
  }, 240_000);
});
