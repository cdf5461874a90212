import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverMethods } from '#shared/contract/names.ts';
import type { SimulatedConversation } from '#shared/hub/simulated-chat.fixture.ts';
import { eventually } from '#test/eventually.ts';
import { type ChatClient, chatOverSignalR, chatOverSocketIo } from './chat-clients.fixture.ts';
import { connected, signalR, socketIo } from './simulated-clients.fixture.ts';
import { type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

/** What a call does for each who makes it: what it answers, and what the other member of the conversation sees of it. */
type Expected = { readonly answer: unknown; readonly seen: readonly string[] };
type Case = {
  readonly argument: (group: SimulatedConversation) => unknown;
  readonly member: (group: SimulatedConversation) => Expected;
  /** Strangers and former members alike. */
  readonly others: Expected;
};

const presence = [
  { userId: 'witness', state: 'online' },
  { userId: 'nobody', state: 'offline' },
];

/** Every method of the chat hub: one that is missing here fails. Those of other hubs are named with the reason. */
const cases: Readonly<Record<string, Case | 'of /hubs/notifications'>> = {
  [serverMethods.subscribe]: 'of /hubs/notifications',
  [serverMethods.subscribeChat]: {
    argument: ({ id }) => ({ [id]: null }),
    member: ({ id, head }) => ({
      answer: { conversations: { [id]: { cursor: `epoch.${head.seq}`, reload: false } } },
      seen: [],
    }),
    others: { answer: { conversations: {} }, seen: [] },
  },
  [serverMethods.typingStarted]: {
    argument: ({ id }) => id,
    member: ({ id }) => ({ answer: null, seen: [`UserTyping "${id}" "member"`] }),
    others: { answer: null, seen: [] },
  },
  [serverMethods.typingStopped]: {
    argument: ({ id }) => id,
    // Nothing was begun.
    member: () => ({ answer: null, seen: [] }),
    others: { answer: null, seen: [] },
  },
  [serverMethods.watchPresence]: {
    // Whether somebody is connected is told to every user: who shows whom is the frontend's.
    argument: () => ['witness', 'nobody'],
    member: () => ({ answer: presence, seen: [] }),
    others: { answer: presence, seen: [] },
  },
};

let worker: SimulatedWorker;
let group: SimulatedConversation;
let witness: ChatClient;

beforeEach(async () => {
  worker = await startWorker();
  group = worker.chat.create('witness', 'member', 'former');
  witness = await chatOverSignalR(worker, 'witness');
});
afterEach(() => worker[Symbol.asyncDispose]());

const protocols = { SignalR: chatOverSignalR, 'socket.io': chatOverSocketIo };

/** What the witness has seen once everything before is through. */
async function seen(): Promise<string[]> {
  await worker.push(group.send());
  await eventually(() => (witness.numbers().includes(group.head.number) ? undefined : 'the marker is missing'));
  return witness.received.filter((line) => !line.startsWith('ReceiveMessage '));
}

describe('authorization of hub calls', () => {
  it('is proved for every method that clients can call', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.values(serverMethods).sort());
  });

  const rows = Object.entries(cases).flatMap(([method, it]) =>
    it === 'of /hubs/notifications' ? [] : Object.keys(protocols).map((protocol) => ({ method, protocol, ...it })),
  );

  it.each(rows)('$method over $protocol', async ({ method, protocol, argument, member, others }) => {
    const connect = protocols[protocol as keyof typeof protocols];
    const former = await connect(worker, 'former');
    await worker.push(group.remove('former'));
    await eventually(() => (witness.numbers().length === 1 ? undefined : 'the removal is missing'));
    for (const client of [former, await connect(worker, 'stranger')]) {
      expect(await client.call(method, argument(group))).toEqual(others.answer);
      expect(await seen()).toEqual(others.seen);
      expect(client.received).toEqual([]);
    }
    const insider = await connect(worker, 'member');
    const expected = member(group);
    expect(await insider.call(method, argument(group))).toEqual(expected.answer);
    await eventually(async () => ((await seen()).join() === expected.seen.join() ? undefined : (await seen()).join()));
  });

  it('lets no anonymous client in', async () => {
    await expect(signalR(worker, '', undefined, { path: '/hubs/chat' }).start()).rejects.toThrow('401');
    await expect(connected(socketIo(worker))).rejects.toMatchObject({ data: { code: 'unauthorized' } });
  });
});

describe('hostile arguments', () => {
  const wrong: readonly unknown[] = [
    null,
    5,
    true,
    [],
    {},
    [['x']],
    { $ne: null },
    { a: { $gt: '' } },
    'x'.repeat(20_000),
  ];
  const methods = Object.keys(cases).filter((method) => method !== serverMethods.subscribe);
  const rows = methods.flatMap((method) => Object.keys(protocols).map((protocol) => [method, protocol] as const));

  it.each(rows)(
    'of %s over %s are refused or ignored, never a fault, and the client is served on',
    async (method, protocol) => {
      const client = await protocols[protocol as keyof typeof protocols](worker, 'member');
      for (const argument of wrong) {
        const answer = await client.call(method, argument).then(
          (it) => it,
          (error: Error) => error.message,
        );
        const accepted = [null, [], { conversations: {} }].map((it) => JSON.stringify(it));
        if (accepted.includes(JSON.stringify(answer))) continue;
        if (protocol === 'socket.io') expect(answer).toMatchObject({ code: 'bad_request' });
        else expect(answer).toBe(`Failed to invoke '${method}' due to an error on the server.`);
      }
      await worker.push(group.send());
      await eventually(() => (client.numbers().length === 1 ? undefined : 'nothing came'));
      expect(await seen()).toEqual([]);
      expect(worker.logged()).not.toContain('"level":"error"');
      expect(worker.logged()).not.toContain('failed');
    },
  );

  it('cannot change an object or name another one', async () => {
    const client = await chatOverSocketIo(worker, 'member');
    const cursors = JSON.parse(`{"__proto__":"epoch.0","constructor":null,"${group.id}":"epoch.0"}`) as object;
    expect(await client.call('SubscribeChat', cursors)).toEqual({
      conversations: { [group.id]: { cursor: 'epoch.1', reload: false } },
    });
    expect(Object.prototype).not.toHaveProperty('cursor');
  });
});
