import type { Conversation } from '../../../../../services/client/chat/conversation.ts';
import { connect, type RealtimeClient } from '../../../../../services/client/connect.ts';
import { eventually } from '../../../../eventually.ts';
import { serviceUrl, tokenOf } from '../program.ts';
import type { Answers } from './answers.ts';
import type { Ledger } from './ledger.ts';
import { type Speaker, speaker } from './speaker.ts';

const patience = { timeoutMs: 120_000, everyMs: 200 };
/** Below what the gateway lets one user write in a minute, repeats included. */
const everyMs = 700;

export const sdkDisplays = ['alice by SignalR', 'bob by socket.io'] as const;

export type Talk = {
  readonly conversation: string;
  readonly alice: RealtimeClient;
  readonly speakers: readonly Speaker[];
};

/** Two SDK clients in a group with carol, each on a transport of its own, who write and are shown everything. */
export async function startTalk(answers: Answers, ledger: Ledger, users: Record<'alice' | 'bob' | 'carol', string>) {
  const client = (user: string, transport: 'signalr' | 'socket.io') =>
    connect({
      url: serviceUrl('gateway', 8100),
      hubUrl: serviceUrl('hub', 8097),
      token: () => tokenOf(user),
      transport,
      backoff: { baseMs: 200, capMs: 2_000 },
      fetch: answers.fetch,
    });
  const alice = client(users.alice, 'signalr');
  const bob = client(users.bob, 'socket.io');
  let id = '';
  await eventually(async () => {
    id = await alice.chat.create({ kind: 'group', with: [users.bob, users.carol], name: 'traffic' });
    return undefined;
  }, patience);
  const speakers: Speaker[] = [];
  for (const [index, each] of [alice, bob].entries()) {
    const conversation = each.chat.conversation(id);
    conversation.open();
    conversation.onChange(() => show(conversation, sdkDisplays[index] as string, ledger));
    await eventually(() => {
      const { state } = each.chat.state.connection;
      return conversation.state.loaded && state === 'connected' ? undefined : `${sdkDisplays[index]} is ${state}`;
    }, patience);
    const name = ['alice', 'bob'][index] as string;
    speakers.push(
      speaker(name, everyMs, async (text) => {
        conversation.send(text);
        await isSent(conversation, text);
        ledger.acknowledged(text);
      }),
    );
  }
  return { conversation: id, alice, speakers } satisfies Talk;
}

function show({ state }: Conversation, display: string, ledger: Ledger): void {
  for (const { id, number, content, system } of state.messages) {
    if (id !== undefined && number !== undefined && system === null) ledger.shown(display, content, { id, number });
  }
}

/** The queue of the client tries for ever. */
function isSent(conversation: Conversation, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const message = conversation.state.messages.findLast(({ content }) => content === text);
      if (message?.delivery === 'failed') reject(new Error(`${text} was refused: ${message.error}`));
      if (message?.delivery !== 'sent') return;
      end();
      resolve();
    };
    const end = conversation.onChange(look);
    look();
  });
}
