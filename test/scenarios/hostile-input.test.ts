import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { signalRClient, socketIoClient } from './clients.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

const deepJson = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const envelopeWith = (
  change: (envelope: { message: Record<string, unknown>; messageType: string[] }) => void,
): Buffer => {
  const envelope = JSON.parse(likeEnvelope({ to: 'victor' }).toString());
  change(envelope);
  return Buffer.from(JSON.stringify(envelope));
};

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'hostile input', () => {
  const used = usePlatform(() => ({ notificationReplicas: 1, hubReplicas: 1 }));

  const hub = () => used.platform.hubs[0]?.url ?? '';
  const rest = () => used.platform.notifications[0]?.url ?? '';

  /** What `attack` does must not touch a healthy client of each protocol. */
  async function besideHealthyClients(user: string, attack: () => Promise<void>): Promise<void> {
    const token = await used.platform.token(user);
    await using signalR = await signalRClient(10, hub(), token);
    await using socketIo = await socketIoClient(hub(), token);
    await attack();
    await used.publisher.publish(likeEnvelope({ to: user, post: 'healthy' }));
    for (const { name, received } of [signalR, socketIo]) {
      await eventually(() => (received.at(-1)?.entityId === 'healthy' ? undefined : `${name} was not shown the like`));
    }
    expect([signalR.losses(), socketIo.losses()]).toEqual([0, 0]);
  }

  it('on the bus goes to _error or _skipped, and what follows is consumed', async () => {
    const poison = {
      garbage: randomBytes(1000),
      empty: Buffer.alloc(0),
      deep: Buffer.from(deepJson(10_000)),
      'deep message': Buffer.from(
        likeEnvelope({ to: 'victor', post: 'DEEP' }).toString().replace('"DEEP"', deepJson(5_000)),
      ),
      huge: envelopeWith(({ message }) => {
        message['targetId'] = 'x'.repeat(5 * 1024 * 1024);
      }),
      'wrong enum': envelopeWith(({ message }) => {
        message['actionType'] = 99;
      }),
      'operator as actor': envelopeWith(({ message }) => {
        message['userId'] = { $ne: null };
      }),
      'null message': envelopeWith((envelope) => {
        (envelope as { message: unknown }).message = null;
      }),
    };
    const unknown = envelopeWith((envelope) => {
      envelope.messageType = ['urn:message:Somebody.Else:Event'];
    });
    await besideHealthyClients('beside-bus', async () => {
      for (const body of Object.values(poison)) await used.publisher.publish(body);
      await used.publisher.publish(unknown);
    });
    await eventually(
      async () => {
        const counts = await used.platform.rabbitmq.ctl('list_queues', 'name', 'messages');
        const of = (queue: string) => Number(new RegExp(`^${queue}\\s+(\\d+)$`, 'm').exec(counts)?.[1] ?? 0);
        const [errors, skipped, left] = [
          of(`${used.platform.queue}_error`),
          of(`${used.platform.queue}_skipped`),
          of(used.platform.queue),
        ];
        if (errors === Object.keys(poison).length && skipped === 1 && left === 0) return undefined;
        return `${errors} in _error, ${skipped} in _skipped, ${left} left`;
      },
      { timeoutMs: 30_000 },
    );
    expect(await used.platform.history('victor')).toEqual([]);
  });

  it('of forged tokens opens no entrance; the true one does', async () => {
    const token = await used.platform.token('mallory');
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const otherUser = Buffer.from(
      Buffer.from(payload, 'base64url').toString().replaceAll('mallory', 'victor1'),
    ).toString('base64url');
    const forged = [
      '',
      'garbage',
      `${none}.${payload}.`,
      `${header}.${otherUser}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${token}.${signature}`,
      'x'.repeat(15_000),
    ];
    const entrances: Record<string, (bearer: string) => Promise<number>> = {
      rest: async (bearer) =>
        (await fetch(`${rest()}/api/notifications`, { headers: { authorization: `Bearer ${bearer}` } })).status,
      negotiate: async (bearer) =>
        (
          await fetch(`${hub()}/hubs/notifications/negotiate?negotiateVersion=1`, {
            method: 'POST',
            headers: { authorization: `Bearer ${bearer}` },
          })
        ).status,
      'negotiate with the token in the query': async (bearer) =>
        (await fetch(`${hub()}/hubs/notifications/negotiate?access_token=${bearer}`, { method: 'POST' })).status,
      websocket: (bearer) => upgradeStatus(`${hub()}/hubs/notifications?access_token=${bearer}`),
      'socket.io': async (bearer) => {
        try {
          await using _client = await socketIoClient(hub(), bearer);
          return 200;
        } catch {
          return 401;
        }
      },
    };
    for (const [entrance, knock] of Object.entries(entrances)) {
      for (const bearer of forged) {
        expect.soft(await knock(bearer), `${entrance} with ${bearer.slice(0, 40)}`).toBe(401);
      }
      expect.soft([101, 200], entrance).toContain(await knock(token));
    }
    const inQuery = await fetch(`${rest()}/api/notifications?access_token=${token}`);
    expect(inQuery.status).toBe(401);
  });

  it('of foreign origins opens no entrance; the listed one does', async () => {
    const token = await used.platform.token('olga');
    const knock = async (origin: string) => {
      const headers = { origin, authorization: `Bearer ${token}` };
      return [
        (await fetch(`${hub()}/hubs/notifications/negotiate?negotiateVersion=1`, { method: 'POST', headers })).status,
        await upgradeStatus(`${hub()}/hubs/notifications`, headers),
        await upgradeStatus(`${hub()}/socket.io/?EIO=4&transport=websocket`, headers),
        (await fetch(`${hub()}/socket.io/?EIO=4&transport=polling`, { headers })).status,
      ];
    };
    expect(await knock('https://sonixy.example')).toEqual([200, 101, 101, 200]);
    for (const origin of [
      'https://sonixy.example.evil.example',
      'https://evilsonixy.example',
      'http://sonixy.example',
      'https://sonixy.example:8443',
      'null',
    ]) {
      expect.soft(await knock(origin), origin).toEqual([403, 403, 403, 403]);
    }
  });

  it('on sockets closes only its own', async () => {
    const token = await used.platform.token('attacker');
    const handshake = '{"protocol":"json","version":1}\u001e';
    const attacks: Record<string, readonly (string | Buffer)[]> = {
      'binary garbage': [randomBytes(2000)],
      'a handshake that never ends': ['{'.repeat(40_000)],
      'a message of 1 MB': [handshake, 'x'.repeat(1024 * 1024)],
      'deep JSON': [handshake, `{"type":1,"target":"Subscribe","arguments":[${deepJson(10_000)}]}\u001e`],
      'a prototype': [
        handshake,
        '{"type":1,"target":"Subscribe","arguments":[{"__proto__":{"x":1}}]}\u001e{"type":1,"target":"__proto__","arguments":[]}\u001e',
      ],
      'a wrong type': [handshake, '{"type":"1"}\u001e[]\u001enull\u001e'],
    };
    await besideHealthyClients('beside-sockets', async () => {
      for (const frames of Object.values(attacks))
        await send(`${hub()}/hubs/notifications?access_token=${token}`, frames);
      for (const frames of [
        [randomBytes(2000)],
        ['40{"token":{}}'],
        ['451-["a",{"_placeholder":true,"num":10}]'],
        ['40', '4'.repeat(2_000_000)],
        [`42${deepJson(10_000)}`],
      ]) {
        await send(`${hub()}/socket.io/?EIO=4&transport=websocket`, frames);
      }
      for (const url of [hub(), rest()]) await rawBytes(url, randomBytes(5000));
    });
  });

  it('on REST is a clear error', async () => {
    const authorization = `Bearer ${await used.platform.token('rest')}`;
    const call = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${rest()}${path}`, { ...init, headers: { authorization, ...init.headers } });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect((await call('/api/notifications?page=1')).status).toBe(200);
    for (const query of [
      'page=0',
      'page=-1',
      'page=1e9999',
      'page=a',
      'pageSize=0',
      'page=1&page=2',
      'page[$ne]=1',
      'grouped=perhaps',
    ]) {
      const { status, body } = await call(`/api/notifications?${query}`);
      if (query.startsWith('page[')) continue;
      expect.soft(status, query).toBe(400);
      expect
        .soft(body, query)
        .toMatchObject({ code: 'bad_request', error: expect.any(String), correlationId: expect.any(String) });
    }
    const { status, body } = await call('/api/nothing');
    expect([status, body['code']]).toEqual([404, 'not_found']);
    expect((await call('/internal/heads', { method: 'POST' })).status).toBe(401);
    expect((await call('/metrics')).status).toBe(404);
    expect((await call('/api/notifications/$ne/read', { method: 'PUT' })).body).toEqual({});
  });
});

function upgradeStatus(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers });
    socket.once('open', () => {
      resolve(101);
      socket.close();
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    socket.once('error', () => resolve(0));
  });
}

/** Sends frames and waits until the server closed the socket or answered the last one. */
function send(url: string, frames: readonly (string | Buffer)[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.once('open', () => {
      for (const frame of frames) socket.send(frame);
      socket.ping();
    });
    socket.once('pong', () => socket.close());
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
}

function rawBytes(url: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1', () => socket.end(bytes));
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
    socket.resume();
  });
}
