import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { signalRClient, socketIoClient } from './clients.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'secrets stay secret', () => {
  const used = usePlatform(async () => {
    const env = { LOG_LEVEL: 'trace' };
    return { notificationReplicas: 1, hubReplicas: 1, hubEnv: env, notificationEnv: env };
  });

  const replicas = () => [...used.platform.notifications, ...used.platform.hubs];

  it('tokens and contents, in logs, metrics and answers, whatever happens to a request', async () => {
    const token = await used.platform.token('canary-user');
    const [header, payload] = token.split('.');
    const forged = `${header}.${payload}.Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5`;
    const [hub, rest] = [used.platform.hubs[0]?.url ?? '', used.platform.notifications[0]?.url ?? ''];
    const answers: string[] = [];
    const call = async (url: string, init: RequestInit = {}) => {
      const response = await fetch(url, init);
      answers.push(JSON.stringify([...response.headers]), await response.text());
    };
    for (const bearer of [token, forged]) {
      const authorization = `Bearer ${bearer}`;
      for (const path of ['', '/unread-count', '?page=a', '/feed?after=x', '/nothing/at/all']) {
        await call(`${rest}/api/notifications${path}`, { headers: { authorization } });
        await call(`${rest}/api/notifications${path}`, { headers: { authorization, origin: 'https://evil.example' } });
        await call(`${rest}/api/notifications${path}${path.includes('?') ? '&' : '?'}access_token=${bearer}`);
      }
      await call(`${rest}/api/notifications/read-all`, { method: 'PUT', headers: { authorization }, body: bearer });
      await call(`${hub}/hubs/notifications/negotiate?negotiateVersion=1&access_token=${bearer}`, {
        method: 'POST',
        headers: { origin: 'https://evil.example' },
      });
      await call(`${hub}/hubs/nothing?access_token=${bearer}`);
      await call(`${hub}/hubs/notifications?id=${bearer}&access_token=${bearer}`);
      await call(`${hub}/socket.io/?EIO=4&transport=polling&access_token=${bearer}`);
      await malformedFrame(`${hub}/hubs/notifications?access_token=${bearer}`, bearer);
      await malformedFrame(`${hub}/socket.io/?EIO=4&transport=websocket&access_token=${bearer}`, bearer);
    }
    for (const transport of ['WebSockets', 'ServerSentEvents', 'LongPolling'] as const) {
      await using _client = await signalRClient(10, hub, token, { transport });
    }
    await using client = await socketIoClient(hub, token);
    await used.publisher.publish(likeEnvelope({ to: 'canary-user', post: 'canary-content' }));
    await used.publisher.publish(Buffer.from('{"canary-poison":'));
    await eventually(() => (client.received.length === 1 ? undefined : 'the like is not shown'));

    const secrets = [token, forged, payload ?? '', 'canary-content', 'canary-poison'];
    for (const { service, opsUrl } of replicas()) {
      const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
      for (const secret of secrets) {
        expect.soft(service.output().includes(secret), `${secret.slice(0, 30)} in a log`).toBe(false);
        expect.soft(metrics.includes(secret), `${secret.slice(0, 30)} in the metrics`).toBe(false);
      }
      expect.soft(metrics.includes('canary-user'), 'a user id in the metrics').toBe(false);
      // The twin: what is looked at does hold what happened.
      expect.soft(service.output().length).toBeGreaterThan(500);
    }
    const said = answers.join('\n');
    for (const secret of [token, forged, payload ?? ''])
      expect.soft(said.includes(secret), 'a token in an answer').toBe(false);
  });

  it('users, from the metrics: series do not grow with them', async () => {
    const metrics = async () =>
      (await Promise.all(replicas().map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()))).join('');
    const seriesIn = (text: string) => text.split('\n').filter((line) => line && !line.startsWith('#')).length;
    const visit = async (user: string) => {
      const token = await used.platform.token(user);
      await fetch(`${used.platform.notifications[0]?.url}/api/notifications`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await using client = await signalRClient(10, used.platform.hubs[0]?.url ?? '', token);
      await used.publisher.publish(likeEnvelope({ to: user }));
      await eventually(() => (client.received.length === 1 ? undefined : 'the like is not shown'));
    };
    await visit('first-of-many');
    const before = seriesIn(await metrics());
    const users = Array.from({ length: 100 }, (_, index) => `one-of-many-${index}`);
    await Promise.all(users.map(visit));
    const after = await metrics();
    expect(users.filter((user) => after.includes(user))).toEqual([]);
    // What happens for the first time (a repair, a kind of handle) adds its few series, whoever it happens to.
    expect(seriesIn(after) - before).toBeLessThan(users.length / 2);
  });
});

function malformedFrame(url: string, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.once('open', () => {
      socket.send(
        `{"protocol":"json","version":1}\u001e{"type":1,"target":"${text}","arguments":["${text}"]}\u001e{\u001e`,
      );
      socket.ping();
    });
    socket.once('pong', () => socket.close());
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
}
