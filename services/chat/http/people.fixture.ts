import { type Person, startTestChat, type TestChat } from '../chat.fixture.ts';

export const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const hexId = /^[0-9a-f]{24}$/;

type Two = { readonly alice: Person; readonly bob: Person; readonly id: string };

/** The service without sweeps in the way, and people in it. */
export type PeopledChat = {
  readonly chat: TestChat;
  pair(): Promise<Two>;
  /** alice owns it, bob is a member. */
  group(others?: readonly Person[]): Promise<Two>;
};

export async function startPeopledChat(): Promise<PeopledChat> {
  const chat = await startTestChat({ limits: { sweepEveryMs: 600_000 } });

  async function open(body: (bob: Person) => object): Promise<Two> {
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const answer = await alice.post('/api/chat/conversations', body(bob));
    return { alice, bob, id: answer.body.id };
  }

  return {
    chat,
    pair: () => open((bob) => ({ type: 0, participantIds: [bob.id] })),
    group: (others = []) =>
      open((bob) => ({ type: 1, participantIds: [bob, ...others].map(({ id }) => id), name: 'a group' })),
  };
}

/** The message as it was answered. */
export const send = async (person: Person, conversationId: string, content = 'hello', more: object = {}) =>
  (await person.post('/api/chat/messages', { conversationId, content, type: 0, ...more })).body;
