import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { hubPaths } from '#shared/contract/names.ts';
import { eventually } from '#test/eventually.ts';
import { type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

const limit = 64 * 1024;

let worker: SimulatedWorker;
beforeEach(async () => {
  worker = await startWorker();
});
afterEach(() => worker[Symbol.asyncDispose]());

type Entrance = {
  readonly path: (token: string) => string;
  /** Sent first. */
  readonly hello: (token: string) => string;
  readonly welcome: string;
  /** Something harmless of so many bytes. */
  readonly message: (bytes: number) => string;
  readonly question: string;
  readonly answer: string;
};

const ping = '{"type":6}\x1e';

function signalR(path: string, method: string): Entrance {
  return {
    path: (token) => `${path}?access_token=${token}`,
    hello: () => '{"protocol":"json","version":1}\x1e',
    welcome: '{}\x1e',
    // Several, since each has a smaller limit of its own.
    message(bytes) {
      const third = Math.floor(bytes / 3);
      return [third, third, bytes - 2 * third]
        .map((size) => `{"type":6${' '.repeat(size - ping.length)}}\x1e`)
        .join('');
    },
    question: `{"type":1,"invocationId":"1","target":"${method}","arguments":[null]}\x1e`,
    answer: '"invocationId":"1"',
  };
}

const socketIo: Entrance = {
  path: () => '/socket.io/?EIO=4&transport=websocket',
  hello: (token) => `40{"token":"${token}"}`,
  welcome: '40{',
  message: (bytes) => `42["nothing","${'a'.repeat(bytes - '42["nothing",""]'.length)}"]`,
  question: '427["Subscribe",null]',
  answer: '437[',
};

const entrances = {
  [hubPaths.notifications]: signalR(hubPaths.notifications, 'Subscribe'),
  [hubPaths.chat]: signalR(hubPaths.chat, 'SubscribeChat'),
  'socket.io': socketIo,
};

async function enter({ path, hello, welcome }: Entrance) {
  const token = await worker.token();
  const socket = new WebSocket(worker.url.replace('http', 'ws') + path(token), { perMessageDeflate: true });
  worker.later(() => socket.terminate());
  let received = '';
  let closed = false;
  socket.on('message', (data) => {
    received += String(data);
  });
  socket.on('close', () => {
    closed = true;
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send(hello(token));
  await eventually(() => (received.includes(welcome) ? undefined : `got ${received}`));
  return { socket, received: () => received, closed: () => closed };
}

/** One WebSocket message, in one frame or in many. */
function send(socket: WebSocket, text: string, frames: number): void {
  const size = Math.ceil(text.length / frames);
  for (let from = 0; from < text.length; from += size) {
    socket.send(text.slice(from, from + size), { fin: from + size >= text.length });
  }
}

describe.each(Object.entries(entrances))('a message to %s (S7)', (_name, entrance) => {
  it.each([1, 100])('is taken up to the limit, and ends its socket beyond, in %i frames', async (frames) => {
    const neighbour = await enter(entrance);
    const { socket, received, closed } = await enter(entrance);
    send(socket, entrance.message(limit), frames);
    socket.send(entrance.question);
    await eventually(() => (received().includes(entrance.answer) ? undefined : `got ${received()}`));
    expect(closed()).toBe(false);

    const other = await enter(entrance);
    send(other.socket, entrance.message(limit + 1), frames);
    await eventually(() => (other.closed() ? undefined : 'still open'));
    neighbour.socket.send(entrance.question);
    await eventually(() =>
      neighbour.received().includes(entrance.answer) ? undefined : 'the neighbour is not served',
    );
  });

  it('is not compressed, whatever the client offers', async () => {
    const { socket } = await enter(entrance);
    expect(socket.extensions).toBe('');
  });
});

describe('a body to socket.io over polling (S7)', () => {
  it('is taken up to the limit and refused beyond', async () => {
    const polling = `${worker.url}/socket.io/?EIO=4&transport=polling`;
    const post = async (bytes: number) => {
      const opened = await (await fetch(polling)).text();
      const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
      const url = `${polling}&sid=${sid}`;
      const token = await worker.token();
      expect(await (await fetch(url, { method: 'POST', body: socketIo.hello(token) })).text()).toBe('ok');
      return (await fetch(url, { method: 'POST', body: socketIo.message(bytes) })).status;
    };
    expect(await post(limit)).toBe(200);
    expect(await post(limit + 1)).toBe(413);
  });
});
