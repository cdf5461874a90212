import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { FakeClock } from '../../../test/fake-clock.ts';
import { systemClock } from '../clock.ts';
import type { LiveConnection, LiveHandlers, OpenLive } from './live-connection.ts';
import { sharedLive, tabParts } from './shared-live.ts';

/** The server's end of all connections that tabs really opened. */
class Server {
  readonly open: LiveHandlers[] = [];
  readonly calls: string[] = [];
  opened = 0;
  fails = false;

  readonly connect: OpenLive = async ({ handlers }) => {
    if (this.fails) throw new Error('no server');
    this.opened += 1;
    this.open.push(handlers);
    handlers.transport('test');
    return {
      call: async (method, ...args) => {
        this.calls.push(`${method} ${JSON.stringify(args)}`);
        if (method === 'Fails') throw new Error('it fails');
        return { method, args };
      },
      tell: (method, ...args) => void this.calls.push(`tell ${method} ${JSON.stringify(args)}`),
      close: () => this.drop(handlers),
    };
  };

  push(method: string, ...args: unknown[]): void {
    for (const handlers of this.open) handlers.called(method, args);
  }

  drop(handlers: LiveHandlers): void {
    const index = this.open.indexOf(handlers);
    if (index >= 0) this.open.splice(index, 1);
  }
}

type Tab = {
  readonly live: LiveConnection;
  readonly called: string[];
  readonly transports: string[];
  readonly ends: string[];
};

const parts = tabParts();
if (!parts) throw new Error('this Node has no Web Locks: run the tests with the one of the dev dependencies');

let server: Server;
let baseUrl: string;
const tabs: Tab[] = [];

beforeEach(() => {
  server = new Server();
  baseUrl = `http://${randomUUID()}`;
});

afterEach(() => {
  for (const { live } of tabs.splice(0)) live.close();
});

function jwt(user: string): string {
  return `e.${btoa(JSON.stringify({ sub: user }))}.s`;
}

async function tab(user = 'alice', clock = systemClock, among = ''): Promise<Tab> {
  const [called, transports, ends]: [string[], string[], string[]] = [[], [], []];
  const live = await sharedLive(
    server.connect,
    parts ?? expect.unreachable(),
    clock,
    among,
  )({
    baseUrl,
    hub: 'chat',
    token: async () => jwt(user),
    handlers: {
      called: (method, args) => called.push(`${method} ${args.join()}`),
      transport: (name) => transports.push(name),
      closed: (reason, comeBack) => ends.push(`${reason} ${comeBack}`),
    },
  });
  const opened = { live, called, transports, ends };
  tabs.push(opened);
  return opened;
}

const hears = ({ called }: Tab, expected: string[]) =>
  eventually(() => (String(called) === String(expected) ? undefined : `${called}`));
const ended = ({ ends }: Tab, expected: string) =>
  eventually(() => (String(ends) === expected ? undefined : `ended: ${ends}`));

describe('tabs of one user', () => {
  it('have one connection, and all hear and call over it', async () => {
    const [first, second, third] = [await tab(), await tab(), await tab()];
    expect(server.opened).toBe(1);
    expect(third.transports).toEqual(['test']);
    server.push('ReceiveMessage', 1);
    server.push('ReceiveMessage', 2);
    for (const each of [first, second, third]) await hears(each, ['ReceiveMessage 1', 'ReceiveMessage 2']);
    expect(await second.live.call('SubscribeChat', { c: 'e.1' })).toEqual({
      method: 'SubscribeChat',
      args: [{ c: 'e.1' }],
    });
    await expect(third.live.call('Fails')).rejects.toThrow('it fails');
    third.live.tell('TypingStarted', 'c');
    await eventually(() => (server.calls.includes('tell TypingStarted ["c"]') ? undefined : `${server.calls}`));
  });

  it('watch whom any of them shows', async () => {
    const [first, second] = [await tab(), await tab()];
    await first.live.call('WatchPresence', ['bob']);
    await second.live.call('WatchPresence', ['bob', 'carol']);
    expect(server.calls.at(-1)).toBe('WatchPresence [["bob","carol"]]');
    second.live.close();
    await eventually(async () => {
      await first.live.call('WatchPresence', ['bob']);
      return server.calls.at(-1) === 'WatchPresence [["bob"]]' ? undefined : `${server.calls.at(-1)}`;
    });
  });

  it('all hear of its end, and whether to come back', async () => {
    const [first, second] = [await tab(), await tab()];
    server.open[0]?.closed('revoked', false);
    for (const each of [first, second]) await ended(each, 'revoked false');
    await expect(second.live.call('SubscribeChat')).rejects.toThrow();
  });

  it('take over when the one that has it is closed', async () => {
    const [first, second, third] = [await tab(), await tab(), await tab()];
    first.live.close();
    expect(server.open).toEqual([]);
    for (const each of [second, third]) await ended(each, 'the tab that held the connection closed it true');
    const [fourth, fifth] = [await tab(), await tab()];
    expect(server.opened).toBe(2);
    server.push('ReceiveMessage', 3);
    for (const each of [fourth, fifth]) await hears(each, ['ReceiveMessage 3']);
    expect([...first.called, ...second.called]).toEqual([]);
  });

  it('go on when one that has it not is closed', async () => {
    const [first, second] = [await tab(), await tab()];
    second.live.close();
    server.push('ReceiveMessage', 1);
    await hears(first, ['ReceiveMessage 1']);
    expect([...first.ends, ...second.ends, ...second.called]).toEqual([]);
  });

  it('leave nothing behind when there is no server', async () => {
    server.fails = true;
    await expect(tab()).rejects.toThrow('no server');
    server.fails = false;
    await tab();
    expect(server.opened).toBe(1);
  });
});

it('tabs of different users share nothing', async () => {
  const [alice, bob] = [await tab('alice'), await tab('bob')];
  expect(server.opened).toBe(2);
  server.open[0]?.called('ReceiveMessage', [1]);
  await hears(alice, ['ReceiveMessage 1']);
  expect(bob.called).toEqual([]);
});

it('tabs that want to share with others share with those only', async () => {
  await tab('alice', systemClock, 'websocket');
  await tab('alice', systemClock, 'polling');
  expect(server.opened).toBe(2);
  await tab('alice', systemClock, 'polling');
  expect(server.opened).toBe(2);
});

it('a tab beside one that is frozen has a connection of its own', async () => {
  const name = `sonixy.live ${baseUrl} chat alice`;
  let thaw: () => void = () => undefined;
  const frozen = parts.locks.request(
    name,
    () =>
      new Promise<void>((resolve) => {
        thaw = resolve;
      }),
  );
  const clock = new FakeClock();
  const opening = tab('alice', clock);
  await eventually(() => {
    clock.advance(1_000);
    return server.opened === 1 ? undefined : 'not opened';
  });
  await opening;
  thaw();
  await frozen;
});
