import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Conversation } from '#services/client/chat/conversation.ts';
import type { RealtimeClient } from '#services/client/connect.ts';
import type { MessageDto } from '#shared/contract/chat-dto.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type ChatPlatform, startChatPlatform } from './chat-platform.ts';
import { type Fault, inWords, scheduleOf } from './schedule.ts';
import { type StockClient, sdkClient, stockClient } from './talkers.ts';

const firstSeed = Number(process.env['SEED'] ?? 1);
const rounds = Number(process.env['ROUNDS'] ?? 20);
const seeds = Array.from({ length: rounds }, (_, index) => firstSeed + index);

const patience = { timeoutMs: 120_000, everyMs: 50 };
/** Messages of one speaker that are on their way. */
const inHand = 4;

describeWithServer(['rabbitmq', 'redis', 'mongodev', 'haproxy'], 'a talk survives its servers', () => {
  let platform: ChatPlatform;

  beforeAll(async () => {
    platform = await startChatPlatform();
  });

  afterAll(async () => {
    await platform?.[Symbol.asyncDispose]();
  });

  it.each(seeds)(
    'seed %i: the lists of SDK clients are the store, stock clients have each message once and in order',
    { timeout: 600_000 },
    async (seed) => {
      const faults = scheduleOf(seed);
      try {
        await talk(platform, faults);
      } catch (error) {
        throw new Error(inWords(seed, faults), { cause: error });
      }
    },
  );
});

async function talk(platform: ChatPlatform, faults: readonly Fault[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const person = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
  const [alice, bob, carol] = [person('alice'), person('bob'), person('carol')];
  const clients: Record<string, RealtimeClient> = {
    [alice]: stack.use(sdkClient(platform, alice, 'signalr')),
    [bob]: stack.use(sdkClient(platform, bob, 'socket.io')),
  };
  const id = await (clients[alice] as RealtimeClient).chat.create({ kind: 'group', with: [bob, carol], name: 'talk' });
  const stock = stack.use(await stockClient(platform, carol, id));
  const open = new Map<string, Conversation>();
  for (const [user, client] of Object.entries(clients)) {
    const conversation = client.chat.conversation(id);
    stack.defer(conversation.open());
    open.set(user, conversation);
    await eventually(() => (conversation.state.loaded ? undefined : `${user} has not loaded it`), patience);
  }

  const said = new Map([...open.keys()].map((user) => [user, [] as string[]]));
  let talking = true;
  const speeches = [...open].map(async ([user, conversation]) => {
    while (talking) {
      const waits = () => conversation.state.messages.filter(({ delivery }) => delivery !== 'sent').length;
      await eventually(() => (waits() < inHand || !talking ? undefined : `${user} cannot send`), patience);
      if (!talking) return;
      const content = `${user} ${said.get(user)?.length}`;
      said.get(user)?.push(content);
      conversation.send(content);
    }
  });
  try {
    for (const fault of faults) await strike(platform, fault, [...open.values()]);
    await platform.healed();
  } finally {
    talking = false;
    await Promise.all(speeches);
  }

  // Whoever is connected must get what is said now.
  await eventually(() => (stock.connected() ? undefined : `${stock.name} is not connected`), patience);
  const [first] = open;
  if (!first) throw new Error('nobody talks');
  said.get(first[0])?.push('the last word');
  first[1].send('the last word');

  const everything = [...said.values()].flat();
  for (const [user, conversation] of open) {
    await eventually(() => {
      const own = textsOf(conversation).filter(({ delivery }) => delivery === 'sent').length;
      return own === everything.length ? undefined : `${user} shows ${own} of ${everything.length}`;
    }, patience);
  }
  const stored = await storedMessages(clients[alice] as RealtimeClient, id);
  const texts = stored.filter(({ system }) => !system);
  expect(texts.map(({ content }) => content).sort()).toEqual(everything.sort());
  for (const [user, sent] of said) {
    expect(texts.filter(({ senderId }) => senderId === user).map(({ content }) => content)).toEqual(sent);
  }
  for (const conversation of open.values()) {
    expect(conversation.state.messages.filter(({ deleted }) => !deleted).map(({ id: of }) => of)).toEqual(
      stored.map((message) => message.id),
    );
  }
  await expectOnceAndInOrder(stock, stored);
}

/** Strikes when the talk goes on: the last fault has healed as far as people notice. */
async function strike(platform: ChatPlatform, fault: Fault, shown: readonly Conversation[]): Promise<void> {
  const before = shown.map((conversation) => textsOf(conversation).length);
  await eventually(() => {
    const progress = Math.min(
      ...shown.map((conversation, index) => textsOf(conversation).length - (before[index] ?? 0)),
    );
    return progress >= fault.afterShown ? undefined : `the talk stands still: ${progress} more were shown`;
  }, patience);
  const struck = platform.breakables[fault.victim];
  if (fault.kind === 'kill') await struck.kill();
  else struck.freeze();
  // How long a fault lasts is part of the schedule.
  await new Promise((resolve) => {
    setTimeout(resolve, fault.lastsMs);
  });
  if (fault.kind === 'kill') await struck.restart();
  else struck.thaw();
}

function textsOf({ state }: Conversation) {
  return state.messages.filter(({ system, deleted }) => !system && !deleted);
}

/** Oldest first. */
async function storedMessages({ api }: RealtimeClient, id: string): Promise<readonly MessageDto[]> {
  const all: MessageDto[] = [];
  for (let before: number | undefined; ; before = all.at(-1)?.number) {
    const page = await api.chat.messages(id, { before, limit: 100 });
    all.push(...page);
    if (page.length < 100) return all.reverse();
  }
}

/** The last message reaches it, and while one connection lived nothing was missing, doubled or out of order. */
async function expectOnceAndInOrder({ name, spells }: StockClient, stored: readonly MessageDto[]): Promise<void> {
  const last = stored.at(-1)?.number;
  await eventually(() => {
    const shown = spells.at(-1)?.shown.at(-1)?.number;
    return shown === last ? undefined : `${name} was last shown ${shown}, stored is ${last}`;
  }, patience);
  for (const { shown } of spells) {
    const numbers = shown.map(({ number }) => number);
    const [first = 0] = numbers;
    expect(numbers).toEqual(numbers.map((_, index) => first + index));
    expect(shown.map(({ id }) => id)).toEqual(stored.slice(first - 1, first - 1 + shown.length).map(({ id }) => id));
  }
}
