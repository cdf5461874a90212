import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';

/** As Sonixy's frontend declares them. */
type Message = {
  id: string;
  conversationId: string;
  senderId: string;
  content: string;
  type: number;
  createdAt: string;
};
type Conversation = {
  id: string;
  type: number;
  lastMessageContent: string | null;
  participants: { userId: string }[];
  unreadCount: number;
};

let folder: string;
let url: string;
let service: Service;
const frontends: Frontend[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sonixy-frontend-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { DATA_DIR: folder, PORT: String(port), OPS_PORT: '0', LOG_LEVEL: 'warn' };
  service = await startService({ main: 'services/standalone/main.ts', env });
  await eventually(() => (service.output().includes(`is ready: ${url}`) ? undefined : service.output()));
});

afterAll(async () => {
  for (const { hub } of frontends) await hub.stop();
  await service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** What Sonixy's ChatContext does, with nothing but the stock client and `fetch`. */
class Frontend {
  readonly user: string;
  readonly hub: HubConnection;
  /** Newest last, as its screen. */
  readonly screen: Message[] = [];
  readonly typing = new Set<string>();
  readonly #token: string;

  constructor(user: string, token: string) {
    this.user = user;
    this.#token = token;
    this.hub = new HubConnectionBuilder()
      .withUrl(`${url}/hubs/chat`, { accessTokenFactory: () => token })
      .withAutomaticReconnect()
      .configureLogging(LogLevel.None)
      .build();
  }

  async connect(): Promise<void> {
    await this.hub.start();
    this.hub.on('ReceiveMessage', (message: Message) => {
      // Its own echoes it ignores, others it knows by their id.
      if (message.senderId !== this.user && !this.screen.some(({ id }) => id === message.id)) this.screen.push(message);
    });
    this.hub.on('UserTyping', (_conversation: string, user: string) => void this.typing.add(user));
    this.hub.on('UserStoppedTyping', (_conversation: string, user: string) => void this.typing.delete(user));
  }

  async call<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#token}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    // Whatever comes is read as JSON, empty answers would throw.
    const answer = (await response.json()) as Answer & { error?: string };
    if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
    return answer;
  }

  async send(conversationId: string, content: string): Promise<void> {
    this.screen.push(await this.call<Message>('POST', '/api/chat/messages', { conversationId, content, type: 0 }));
  }

  history(conversation: string, beforeId?: string): Promise<Message[]> {
    const before = beforeId === undefined ? '' : `beforeId=${beforeId}&`;
    return this.call('GET', `/api/chat/conversations/${conversation}/messages?${before}limit=20`);
  }
}

async function frontendOf(user: string): Promise<Frontend> {
  const response = await fetch(`${url}/demo/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  const frontend = new Frontend(user, ((await response.json()) as { token: string }).token);
  frontends.push(frontend);
  await frontend.connect();
  return frontend;
}

const contents = (messages: readonly Message[]) => messages.map(({ content }) => content);

describe("a frontend with the habits of Sonixy's", () => {
  it('holds a whole chat between two people', async () => {
    const [alice, bob] = [await frontendOf('alice'), await frontendOf('bob')];
    const pair = await alice.call<Conversation>('POST', '/api/chat/conversations', {
      type: 0,
      participantIds: ['bob'],
    });
    const again = await bob.call<Conversation>('POST', '/api/chat/conversations', {
      type: 0,
      participantIds: ['alice'],
    });
    expect(again.id).toBe(pair.id);
    expect(pair.participants.map(({ userId }) => userId).sort()).toEqual(['alice', 'bob']);

    await bob.hub.invoke('TypingStarted', pair.id);
    await eventually(() => (alice.typing.has('bob') ? undefined : 'nobody types'));
    await bob.hub.invoke('TypingStopped', pair.id);
    await eventually(() => (alice.typing.size === 0 ? undefined : 'bob still types'));

    const said: string[] = [];
    for (let index = 0; index < 30; index += 1) {
      const [speaker, listener] = index % 2 === 0 ? [alice, bob] : [bob, alice];
      said.push(`word ${index}`);
      await speaker.send(pair.id, `word ${index}`);
      await eventually(() => (contents(listener.screen).at(-1) === said.at(-1) ? undefined : 'nothing came'));
    }
    for (const frontend of [alice, bob]) {
      expect(contents(frontend.screen).filter((content) => content.startsWith('word'))).toEqual(said);
    }

    const [listed] = await bob.call<Conversation[]>('GET', '/api/chat/conversations');
    expect(listed).toMatchObject({ id: pair.id, type: 0, lastMessageContent: 'word 29' });
    expect(listed?.unreadCount).toBeGreaterThan(0);
    const newest = await bob.history(pair.id);
    expect(contents(newest)).toEqual(said.slice(10).reverse());
    expect(await bob.call('POST', `/api/chat/conversations/${pair.id}/read?messageId=${newest[0]?.id}`)).toEqual({});
    const [afterwards] = await bob.call<Conversation[]>('GET', '/api/chat/conversations');
    expect(afterwards?.unreadCount).toBe(0);
    const older = await bob.history(pair.id, newest.at(-1)?.id);
    expect(contents(older).filter((content) => content.startsWith('word'))).toEqual(said.slice(0, 10).reverse());
    expect(
      [...newest, ...older].every(({ id, senderId }) => typeof id === 'string' && typeof senderId === 'string'),
    ).toBe(true);
  });

  it('is told in words what it may not do', async () => {
    const [carol, dave] = [await frontendOf('carol'), await frontendOf('dave')];
    const pair = await carol.call<Conversation>('POST', '/api/chat/conversations', {
      type: 0,
      participantIds: ['erin'],
    });
    await expect(dave.history(pair.id)).rejects.toThrow(/conversation/);
    await expect(dave.send(pair.id, 'let me in')).rejects.toThrow(/conversation/);
    await carol.send(pair.id, 'only for two');
    expect(contents(await carol.history(pair.id))).toContain('only for two');
    expect(dave.screen).toEqual([]);
  });
});
