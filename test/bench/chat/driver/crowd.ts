import { io } from 'socket.io-client';
import { connect } from '#services/client/connect.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { clientMethods, socketIoPath } from '#shared/contract/names.ts';
import { createPoster } from './poster.ts';

export type CrowdPlan = {
  readonly gatewayUrl: string;
  readonly socketUrls: readonly string[];
  readonly secret: string;
  readonly conversations: number;
  readonly membersEach: number;
  /** `socket.io`: the stock client, for both systems. `sdk`: ours, over SignalR. `none`: nobody looks. */
  readonly clients: 'socket.io' | 'sdk' | 'none';
};

export type Member = { readonly user: string; readonly token: string };
export type Talk = { readonly id: string; readonly members: readonly Member[] };

export type Crowd = {
  readonly talks: readonly Talk[];
  close(): void;
};

/** What a client shows: the message by its `clientMessageId`, and the place of who it shows it to among the members. */
export type Displayed = (clientMessageId: string, member: number) => void;

const [issuer, audience] = ['Sonixy.IdentityService', 'Sonixy.Client'];

export function tokenFor(secret: string, user: string): Promise<string> {
  return issueToken({ secret, issuer, audience, user, lifetimeSeconds: 36_000 });
}

/** Makes the conversations by REST and connects each member once, in turn to each socket worker. Rejects if one is refused. */
export async function gatherCrowd(plan: CrowdPlan, displayed: Displayed): Promise<Crowd> {
  const talks: Talk[] = [];
  const closes: (() => void)[] = [];
  const connecting: Promise<void>[] = [];
  for (let talk = 0; talk < plan.conversations; talk += 1) {
    const members: Member[] = [];
    for (let index = 0; index < plan.membersEach; index += 1) {
      const user = `user-${talk}-${index}-${plan.clients}`;
      members.push({ user, token: await tokenFor(plan.secret, user) });
    }
    talks.push({ id: await createTalk(plan, members), members });
  }
  for (const { id, members } of talks) {
    for (const [index, { token }] of members.entries()) {
      const url = plan.socketUrls[closes.length % plan.socketUrls.length] ?? '';
      const show = (message: { clientMessageId?: string | null }) => {
        if (typeof message.clientMessageId === 'string') displayed(message.clientMessageId, index);
      };
      if (plan.clients === 'socket.io') connecting.push(stockClient(url, token, show, closes));
      else if (plan.clients === 'sdk') connecting.push(sdkClient(plan.gatewayUrl, url, token, id, show, closes));
    }
  }
  await Promise.all(connecting);
  return {
    talks,
    close() {
      for (const close of closes) close();
    },
  };
}

async function createTalk({ gatewayUrl }: CrowdPlan, members: readonly Member[]): Promise<string> {
  const [creator, ...others] = members;
  const poster = createPoster();
  const body = JSON.stringify({ type: 1, name: 'bench', participantIds: others.map(({ user }) => user) });
  const url = new URL('/api/chat/conversations', gatewayUrl);
  const { status, text } = await poster.call('POST', url, creator?.token ?? '', body);
  poster.close();
  if (status !== 201) throw new Error(`a conversation was answered ${status}: ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

function stockClient(url: string, token: string, show: (message: object) => void, closes: (() => void)[]) {
  const socket = io(url, { path: socketIoPath, auth: { token }, transports: ['websocket'], forceNew: true });
  closes.push(() => socket.disconnect());
  socket.on(clientMethods.receiveMessage, show);
  return new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
}

/** Shows what stands in its list of messages, as an application does. */
function sdkClient(
  url: string,
  hubUrl: string,
  token: string,
  id: string,
  show: (message: object) => void,
  closes: (() => void)[],
) {
  const client = connect({ url, hubUrl, token, onMessage: show });
  const conversation = client.chat.conversation(id);
  conversation.open();
  closes.push(() => client.close());
  return new Promise<void>((resolve) => {
    const isReady = () => client.chat.state.connection.state === 'connected' && conversation.state.loaded;
    const ends = [client.chat.onChange(check), conversation.onChange(check)];
    function check() {
      if (!isReady()) return;
      for (const end of ends) end();
      resolve();
    }
    check();
  });
}
