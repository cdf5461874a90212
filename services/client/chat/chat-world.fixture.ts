import { eventually } from '../../../test/eventually.ts';
import { FakeClock } from '../../../test/fake-clock.ts';
import { type Person, startTestChat, type TestChat, tokenOf } from '../../chat/chat.fixture.ts';
import type { MessageDto } from '../../shared/contract/chat-dto.ts';
import { parseCursor } from '../../shared/contract/cursor.ts';
import type { LiveHandlers, OpenLive } from '../live/live-connection.ts';
import { createRestCall } from '../rest/rest-call.ts';
import type { TokenSource } from '../rest/token-source.ts';
import { createChatApi } from './chat-api.ts';
import { ChatClient } from './chat-client.ts';
import type { ChatClientOptions } from './chat-client-state.ts';
import { memoryOutgoingStore } from './outgoing-store.ts';

/** A network between the client and the real service that does what a test tells it to. */
export class Network {
  /** `POST /api/chat/messages`, and so on, as they were sent. */
  readonly calls: string[] = [];
  readonly tokens: (string | null)[] = [];
  #inFlight = 0;
  #rules: { matches: string; times: number; meet: Fault }[] = [];

  /** The next `times` calls that begin with `matches` meet this. */
  meets(matches: string, meet: Fault, times = 1): void {
    this.#rules.push({ matches, times, meet });
  }

  /** Resolves when no call has been on its way for three looks, so that nothing more follows from the answers. */
  async quiet(): Promise<void> {
    let looks = 0;
    let seen = -1;
    await eventually(() => {
      looks = this.#inFlight === 0 && seen === this.calls.length ? looks + 1 : 0;
      seen = this.calls.length;
      return looks >= 3 ? undefined : `${this.#inFlight} calls on their way`;
    });
  }

  heal(): void {
    this.#rules = [];
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const call = `${init?.method ?? 'GET'} ${url.pathname}${url.search}`;
    this.calls.push(call);
    this.tokens.push(new Headers(init?.headers).get('authorization'));
    const rule = this.#rules.find(({ matches, times }) => times > 0 && call.startsWith(matches));
    if (rule) rule.times -= 1;
    this.#inFlight += 1;
    try {
      const pass = () => globalThis.fetch(input, init);
      return await (rule ? rule.meet(pass) : pass());
    } finally {
      this.#inFlight -= 1;
    }
  };
}

type Fault = (pass: () => Promise<Response>) => Promise<Response>;

export const unreachable: Fault = () => Promise.reject(new TypeError('fetch failed'));
/** The server dies after it has stored and before it answers. */
export const answerLost: Fault = async (pass) => {
  await pass();
  throw new TypeError('fetch failed');
};
export const answers =
  (status: number, headers: Record<string, string> = {}): Fault =>
  async () =>
    new Response(JSON.stringify({ error: 'no', code: status === 429 ? 'rate_limited' : 'unavailable' }), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });

/** The hub's side of one live connection: pushes what a test tells it to, and knows the heads from the real service. */
export class ScriptedHub {
  readonly calls: string[] = [];
  handlers: LiveHandlers | undefined;
  refuses: Error | undefined;
  /** Calls are not answered any more. */
  silent = false;
  readonly #person: Person;

  constructor(person: Person) {
    this.#person = person;
  }

  readonly open: OpenLive = async ({ handlers, token, hub }) => {
    this.calls.push(`open ${hub}`);
    await token();
    if (this.refuses) throw this.refuses;
    this.handlers = handlers;
    handlers.transport('test');
    return {
      call: async (method, argument) => {
        this.calls.push(`${method} ${JSON.stringify(argument)}`);
        if (this.silent) return new Promise(() => undefined);
        if (method === 'WatchPresence') {
          return (argument as string[]).map((userId) => ({ userId, state: 'online' }));
        }
        return { conversations: await this.#headsOf(argument as Record<string, string>) };
      },
      tell: (method, argument) => void this.calls.push(`${method} ${argument}`),
      close: () => void this.calls.push('close'),
    };
  };

  push(method: string, ...args: unknown[]): void {
    this.handlers?.called(method, args);
  }

  async #headsOf(asked: Record<string, string>) {
    const heads: Record<string, object> = {};
    for (const [id, cursor] of Object.entries(asked)) {
      const { status, body } = await this.#person.get(`/api/chat/conversations/${id}`);
      if (status !== 200) continue;
      const reload = parseCursor(cursor)?.epoch !== parseCursor(body.cursor)?.epoch;
      heads[id] = { cursor: body.cursor, reload };
    }
    return heads;
  }
}

export type ChatWorld = AsyncDisposable & {
  readonly chat: TestChat;
  readonly alice: Person;
  readonly bob: Person;
  /** Their private conversation. */
  readonly id: string;
  say(person: Person, content: string): Promise<MessageDto>;
  /** What the store holds, oldest first, without system messages. */
  stored(): Promise<string[]>;
  client(options?: Partial<ChatClientOptions> & { network?: Network; tokens?: TokenSource }): TestClient;
};

export type TestClient = {
  /** Of the world's conversation. */
  readonly id: string;
  readonly client: ChatClient;
  readonly network: Network;
  readonly hub: ScriptedHub;
  readonly clock: FakeClock;
};

/** The real chat service on SQLite behind real HTTP, alice and bob, and clients of alice. */
export async function startChatWorld(): Promise<ChatWorld> {
  const chat = await startTestChat({ limits: { sweepEveryMs: 600_000 } });
  const [alice, bob] = [chat.person('alice'), chat.person('bob')];
  const { body } = await alice.post('/api/chat/conversations', { type: 0, participantIds: [bob.id] });
  const id: string = body.id;
  const clients: ChatClient[] = [];
  return {
    chat,
    alice,
    bob,
    id,
    say: async (person, content) =>
      (await person.post('/api/chat/messages', { conversationId: id, content, type: 0 })).body,
    async stored() {
      const { body: rows } = await alice.get(`/api/chat/conversations/${id}/messages?limit=100`);
      return (rows as MessageDto[])
        .filter(({ system }) => !system)
        .map(({ content }) => content)
        .reverse();
    },
    client({ network = new Network(), tokens, ...options } = {}) {
      const hub = new ScriptedHub(alice);
      const clock = new FakeClock();
      const source = tokens ?? { token: () => tokenOf(alice.id), refused: () => tokenOf(alice.id) };
      const rest = createRestCall({ baseUrl: chat.url, tokens: source, fetch: network.fetch });
      const client = new ChatClient({
        baseUrl: chat.url,
        open: hub.open,
        api: createChatApi(rest),
        tokens: source,
        clock,
        outgoing: memoryOutgoingStore(),
        me: () => alice.id,
        ...options,
      });
      clients.push(client);
      client.start();
      return { client, network, hub, clock, id };
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.stop();
      await chat[Symbol.asyncDispose]();
    },
  };
}
