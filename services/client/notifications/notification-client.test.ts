import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { FakeClock } from '../../../test/fake-clock.ts';
import { formatCursor, parseCursor } from '../../shared/contract/cursor.ts';
import type { UserId } from '../../shared/contract/ids.ts';
import type { NotificationDto } from '../../shared/contract/notification-dto.ts';
import { type LiveHandlers, type LiveOptions, LiveRefusedError } from '../live/live-connection.ts';
import { RestError } from '../rest/rest-error.ts';
import { SignedOutError, type TokenSource } from '../rest/token-source.ts';
import type { NotificationApi } from './notification-api.ts';
import { NotificationClient } from './notification-client.ts';
import { visibleRows } from './notification-list.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A script of the server: its rows, what was asked of it, and how it fails. */
class Server {
  epoch = 'e';
  rows: NotificationDto[] = [];
  readonly calls: string[] = [];
  openFailure: Error | undefined;
  readFailure: Error | undefined;
  handlers: LiveHandlers | undefined;

  get cursor() {
    return formatCursor({ epoch: this.epoch, seq: this.rows.length });
  }

  add(): NotificationDto {
    const number = this.rows.length + 1;
    const row: NotificationDto = {
      id: `id-${number}`,
      recipientId: 'alice' as UserId,
      actorId: 'bob' as UserId,
      actorName: 'Bob',
      actorAvatar: '',
      entityId: 'post',
      type: 0,
      status: 0,
      isRead: false,
      createdAt: '2026-11-25T10:00:00.000Z',
      action: 'Like',
      entityType: 'Post',
      archived: false,
      seq: number,
      number,
    };
    this.rows.push(row);
    return row;
  }

  push(row = this.add(), isNew = row.seq === row.number) {
    this.handlers?.called(isNew ? 'ReceiveNotification' : 'NotificationChanged', [row]);
  }

  async open({ handlers, token }: Pick<LiveOptions, 'handlers' | 'token' | 'signal'>) {
    this.calls.push(`open ${await token()}`);
    if (this.openFailure) throw this.openFailure;
    this.handlers = handlers;
    handlers.transport('test');
    return {
      call: async (_method: string, argument: unknown) => {
        const cursor = argument as string | null;
        this.calls.push(`subscribe ${cursor}`);
        return { cursor: this.cursor, reload: cursor !== null && parseCursor(cursor)?.epoch !== this.epoch };
      },
      tell: () => undefined,
      close: () => void this.calls.push('close'),
    };
  }

  readonly api: Mutable<Pick<NotificationApi, 'page' | 'feed' | 'markRead' | 'markAllRead'>> = {
    page: async (page, pageSize) => {
      this.calls.push(`page ${page}`);
      if (this.readFailure) throw this.readFailure;
      const newestFirst = this.rows.toReversed();
      const items = newestFirst.slice((page - 1) * pageSize, page * pageSize);
      return { items, unreadCount: this.rows.length, hasMore: items.length === pageSize, cursor: this.cursor };
    },
    feed: async (after) => {
      this.calls.push(`feed ${after}`);
      if (this.readFailure) throw this.readFailure;
      const { seq = 0 } = parseCursor(after) ?? {};
      const changes = this.rows.slice(seq).map((notification) => ({ kind: 'notification' as const, notification }));
      return { changes, cursor: this.cursor, head: this.cursor, reload: false };
    },
    markRead: async (id) => void this.calls.push(`read ${id}`),
    markAllRead: async () => {
      this.calls.push('read all');
      throw new RestError('the store is away', 503, { code: 'unavailable', correlationId: 'c-1' });
    },
  };
}

const backoff = { baseMs: 1000, capMs: 8000 };
let server: Server;
let clock: FakeClock;
let arrived: string[];
let client: NotificationClient;
let tokens: TokenSource;

beforeEach(() => {
  server = new Server();
  clock = new FakeClock();
  arrived = [];
  tokens = { token: async () => 'token', refused: async () => 'renewed' };
});

afterEach(() => client.stop());

function start() {
  client = new NotificationClient({
    baseUrl: 'http://server',
    open: (options) => server.open(options),
    api: server.api as NotificationApi,
    tokens,
    clock,
    backoff,
    arrived: (rows) => arrived.push(...rows.map(({ id }) => id)),
  });
  client.start();
}

const shown = () => visibleRows(client.state.list).map(({ number }) => number);
const shows = (expected: number[]) =>
  eventually(() => (String(shown()) === String(expected) ? undefined : `shows ${shown()}`));
const called = (call: string, times = 1) =>
  eventually(() => {
    const count = server.calls.filter((each) => each === call).length;
    return count === times ? undefined : `${call}: ${count} times in ${server.calls.join(', ')}`;
  });
const isIn = (state: string) =>
  eventually(() => (client.state.connection.state === state ? undefined : client.state.connection.state));

describe('a client', () => {
  it('subscribes first and reads after, and tells of nothing that was there before', async () => {
    server.add();
    start();
    await shows([1]);
    expect(server.calls).toEqual(['open token', 'subscribe null', 'page 1']);
    expect(arrived).toEqual([]);
    expect(client.state.connection).toEqual({ state: 'connected', transport: 'test' });
  });

  it('shows and tells what is pushed, without reading', async () => {
    start();
    await called('page 1');
    await eventually(() => (client.state.list.floor === 0 ? undefined : 'not loaded'));
    server.push();
    expect(shown()).toEqual([1]);
    expect(arrived).toEqual(['id-1']);
    clock.advance(10_000);
    expect(server.calls).toHaveLength(3);
  });

  it('reads only what it missed while it was away', async () => {
    server.add();
    start();
    await shows([1]);
    server.handlers?.closed('gone', true);
    server.add();
    server.add();
    clock.advance(backoff.baseMs);
    await shows([3, 2, 1]);
    expect(server.calls.slice(3)).toEqual(['close', 'open token', 'subscribe e.1', 'feed e.1']);
    expect(arrived).toEqual(['id-2', 'id-3']);
  });

  it('reads what a gap between pushes leaves out, when nobody closes it', async () => {
    start();
    await eventually(() => (client.state.list.floor === 0 ? undefined : 'not loaded'));
    server.add();
    server.push();
    expect(shown()).toEqual([2]);
    clock.advance(1000);
    await shows([2, 1]);
    await called('feed e.0');
  });

  it('does not read when the gap closes by itself', async () => {
    start();
    await eventually(() => (client.state.list.floor === 0 ? undefined : 'not loaded'));
    const first = server.add();
    server.push();
    server.push(first);
    clock.advance(10_000);
    expect(shown()).toEqual([2, 1]);
    expect(server.calls.filter((call) => call.startsWith('feed'))).toEqual([]);
  });

  it('forgets everything when the store has another life', async () => {
    server.add();
    server.add();
    start();
    await shows([2, 1]);
    server.handlers?.closed('gone', true);
    server.epoch = 'other';
    server.rows.length = 1;
    clock.advance(backoff.baseMs);
    await shows([1]);
    expect(arrived).toEqual([]);
  });

  it('takes nothing from a connection that has ended', async () => {
    start();
    await eventually(() => (client.state.list.floor === 0 ? undefined : 'not loaded'));
    const old = server.handlers;
    old?.closed('gone', true);
    old?.called('ReceiveNotification', [server.add()]);
    old?.closed('again', true);
    expect(shown()).toEqual([]);
    expect(clock.waiting).toBeLessThanOrEqual(2);
  });

  it('tells of new rows and of no old ones that change, also before the first page is read', async () => {
    for (let index = 0; index < 3; index += 1) server.add();
    let answer: () => void = () => undefined;
    const page = server.api.page;
    server.api.page = async (index, pageSize) => {
      const read = await page(index, pageSize);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return read;
    };
    start();
    await called('page 1');
    const [first] = server.rows;
    if (first) server.push({ ...first, seq: 4 });
    server.push({ ...server.add(), seq: 5 }, true);
    answer();
    await shows([4, 3, 2, 1]);
    expect(arrived).toEqual(['id-4']);
  });

  it('reads after each subscription, also when an earlier reading is not through yet', async () => {
    server.add();
    start();
    await shows([1]);
    const answers: (() => void)[] = [];
    const feed = server.api.feed;
    server.api.feed = async (after, limit) => {
      const read = await feed(after, limit);
      if (answers.length === 0) await new Promise<void>((resolve) => answers.push(resolve));
      return read;
    };
    server.handlers?.closed('gone', true);
    clock.advance(backoff.baseMs);
    await called('feed e.1');
    server.handlers?.closed('gone again', true);
    server.add();
    clock.advance(backoff.capMs);
    await called('subscribe e.1', 2);
    for (const answer of answers) answer();
    await shows([2, 1]);
  });

  it('loads further pages', async () => {
    for (let index = 0; index < 45; index += 1) server.add();
    start();
    await eventually(() => (shown().length === 20 ? undefined : `${shown().length}`));
    await client.loadMore();
    await client.loadMore();
    expect(shown()).toHaveLength(45);
    expect(client.state.list.hasMore).toBe(false);
  });

  it('loads what moved between two pages when rows came meanwhile', async () => {
    for (let index = 0; index < 30; index += 1) server.add();
    start();
    await eventually(() => (shown().length === 20 ? undefined : `${shown().length}`));
    server.push();
    await client.loadMore();
    expect(shown()).toEqual(Array.from({ length: 31 }, (_, index) => 31 - index));
  });

  it('counts once what a page holds already and is pushed after it', async () => {
    for (let index = 0; index < 40; index += 1) server.add();
    start();
    await eventually(() => (shown().length === 20 ? undefined : `${shown().length}`));
    const changed = { ...(server.rows[35] ?? expect.unreachable()), isRead: true, status: 1 as const, seq: 41 };
    server.api.page = async () => {
      const items = server.rows.slice(0, 20).toReversed();
      return { items, unreadCount: 39, hasMore: false, cursor: 'e.15' };
    };
    await client.loadMore();
    server.push(changed);
    expect(client.state.list.unread).toMatchObject({ count: 39, certain: true });
    expect(shown()).toHaveLength(40);
  });

  it('reads what a page counted and nobody pushed', async () => {
    for (let index = 0; index < 30; index += 1) server.add();
    start();
    await eventually(() => (shown().length === 20 ? undefined : `${shown().length}`));
    server.add();
    await client.loadMore();
    expect(shown()).toHaveLength(30);
    clock.advance(400);
    await eventually(() => (shown().length === 31 ? undefined : `${shown().length}`));
    expect(client.state.list.unread).toMatchObject({ count: 31, certain: true });
  });

  it('marks as read once the server has said yes, and not before', async () => {
    server.add();
    start();
    await shows([1]);
    await client.markRead('id-1');
    expect(client.state.list.unread.count).toBe(0);
  });

  it.each([
    ['markRead', (of: NotificationClient) => of.markRead('id-1')],
    ['markAllRead', (of: NotificationClient) => of.markAllRead()],
  ] as const)('takes no answer to %s that is about another life of the store', async (call, act) => {
    for (let index = 0; index < 3; index += 1) server.add();
    start();
    await shows([3, 2, 1]);
    let answer: () => void = () => undefined;
    server.api[call] = () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      });
    const acted = act(client);
    server.epoch = 'restored';
    server.rows = [];
    server.add();
    server.handlers?.closed('gone', true);
    clock.advance(backoff.baseMs);
    await shows([1]);
    answer();
    await acted;
    expect(visibleRows(client.state.list).map(({ isRead }) => isRead)).toEqual([false]);
  });

  it('leaves the list as it is when the server says no', async () => {
    server.add();
    start();
    await shows([1]);
    await expect(client.markAllRead()).rejects.toMatchObject({ correlationId: 'c-1' });
    expect(client.state.list.unread.count).toBe(1);
  });
});

describe('trouble', () => {
  it('is retried forever, ever slower up to the cap', async () => {
    server.openFailure = new Error('no server');
    start();
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      await eventually(() => {
        const { connection } = client.state;
        return connection.state === 'waiting' && connection.attempt === attempt
          ? undefined
          : JSON.stringify(connection);
      });
      const { connection } = client.state;
      const delayMs = connection.state === 'waiting' ? connection.retryAt - clock.now() : 0;
      const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** (attempt - 1));
      expect(delayMs).toBeGreaterThanOrEqual(ceilingMs / 2);
      expect(delayMs).toBeLessThanOrEqual(ceilingMs);
      clock.advance(delayMs);
    }
    server.openFailure = undefined;
    clock.advance(backoff.capMs);
    await isIn('connected');
  });

  it('begins anew after a connection that held, and grows over connections that end at once', async () => {
    const attempt = () => (client.state.connection.state === 'waiting' ? client.state.connection.attempt : undefined);
    start();
    for (const expected of [1, 2, 3]) {
      await isIn('connected');
      await eventually(() => (client.state.list.floor === 0 ? undefined : 'not loaded'));
      server.handlers?.closed('gone', true);
      expect(attempt()).toBe(expected);
      clock.advance(backoff.capMs);
    }
    await isIn('connected');
    await called('feed e.0', 3);
    clock.advance(5_000);
    server.handlers?.closed('gone', true);
    expect(attempt()).toBe(1);
  });

  it('ends at once when somebody asks for it', async () => {
    server.openFailure = new Error('no server');
    start();
    await isIn('waiting');
    server.openFailure = undefined;
    client.retryNow();
    await isIn('connected');
  });

  it('with a token is met with another', async () => {
    let token = 'old';
    tokens = {
      token: async () => token,
      refused: async (refused) => {
        expect(refused).toBe('old');
        token = 'new';
        server.openFailure = undefined;
        return token;
      },
    };
    server.openFailure = new LiveRefusedError('401');
    start();
    await isIn('waiting');
    clock.advance(backoff.baseMs);
    await called('open new');
    await isIn('connected');
  });

  it('with a token that cannot be replaced signs out and stays away', async () => {
    tokens = {
      token: async () => 'old',
      refused: async () => {
        throw new SignedOutError('expired');
      },
    };
    server.openFailure = new LiveRefusedError('401');
    start();
    await isIn('signed-out');
    clock.advance(100_000);
    expect(server.calls).toEqual(['open old']);
  });

  it('with reading is shown, and reading goes on by itself', async () => {
    server.add();
    server.readFailure = new RestError('the store is away', 503, { code: 'unavailable', correlationId: 'c-1' });
    start();
    await eventually(() => (client.state.fault === server.readFailure ? undefined : 'no fault'));
    expect(client.state.connection.state).toBe('connected');
    server.readFailure = undefined;
    clock.advance(1000);
    await shows([1]);
    await eventually(() => (client.state.fault === undefined ? undefined : 'still a fault'));
  });

  it('with the first page is made good, also when everything was read meanwhile', async () => {
    server.add();
    server.readFailure = new RestError('the store is away', 503, { code: 'unavailable', correlationId: 'c-1' });
    start();
    await eventually(() => (client.state.fault === server.readFailure ? undefined : 'no fault'));
    server.handlers?.called('NotificationsRead', [{ seq: 2, readThrough: 1 }]);
    server.readFailure = undefined;
    clock.advance(1000);
    await shows([1]);
  });

  it('of a server that never answers is given up', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    server.open = ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    start();
    clock.advance(20_000);
    await isIn('waiting');
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    clock.advance(backoff.baseMs);
    client.stop();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  it('ends with stop', async () => {
    server.openFailure = new Error('no server');
    start();
    await isIn('waiting');
    client.stop();
    clock.advance(100_000);
    expect(server.calls).toEqual(['open token']);
    expect(client.state.connection.state).toBe('stopped');
  });

  it('takes nothing that a connection to the old life sends for rows of the new one', async () => {
    server.add();
    start();
    await eventually(() => (visibleRows(client.state.list).length === 1 ? undefined : 'not loaded'));
    // The service has begun anew, and the hub has not heard of it.
    server.api.feed = async () => ({ changes: [], cursor: 'new.0', head: 'new.0', reload: true });
    server.push({ ...server.add(), seq: 9, number: 9 }, true);
    clock.advance(400);
    await eventually(() => (client.state.connection.state === 'waiting' ? undefined : 'still connected'));
    server.push({ ...server.add(), seq: 10, number: 10 }, true);
    server.epoch = 'new';
    server.rows = [];
    clock.advance(8_000);
    await eventually(() => (client.state.list.position?.epoch === 'new' ? undefined : 'not begun anew'));
    await eventually(() => (client.state.list.floor === 0 ? undefined : 'not loaded'));
    expect(visibleRows(client.state.list)).toEqual([]);
  });
});
