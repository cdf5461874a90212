import { randomUUID } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { eventually } from '#test/eventually.ts';
import { type CrowdPlan, gatherCrowd } from '../driver/crowd.ts';
import { createPoster } from '../driver/poster.ts';
import { type ShakenClient, shakenSdk, shakenStock } from './shaken-client.ts';
import { type ShakenNetwork, shakenNetwork } from './shaking.ts';

export type JitterPlan = {
  readonly gatewayUrl: string;
  readonly secret: string;
  readonly clients: 'sdk' | 'socket.io';
  readonly conversations: number;
  readonly membersEach: number;
  readonly seconds: number;
  readonly everyMs: number;
  readonly offlineMs: number;
  /** Between two messages of one conversation. */
  readonly talkEveryMs: number;
};

export type JitterResult = {
  readonly sent: number;
  /** Messages times the clients that are in their conversation. */
  readonly expected: number;
  readonly displayed: number;
  readonly duplicates: number;
  readonly cuts: number;
  /** For what was displayed after an outage though sent before its end: from the new connection to its display, ms. */
  readonly replayMs: readonly number[];
  /** For the same, from the moment that the network was there again, ms. */
  readonly sinceNetworkMs: readonly number[];
  /** What each client does at the end that lacks something, and how much that is. */
  readonly behind: readonly string[];
};

type Shaken = { readonly client: ShakenClient; readonly network: ShakenNetwork; readonly talk: string };
type Sent = { readonly id: string; readonly talk: string; readonly sentAt: number };

/** PLAN is a `JitterPlan`; prints a `JitterResult` after the word `done`. Writers talk past the network that fails. */
const plan = JSON.parse(process.env['PLAN'] ?? '{}') as JitterPlan;
const { gatewayUrl, secret, conversations, membersEach } = plan;
const people: CrowdPlan = { gatewayUrl, socketUrls: [], secret, conversations, membersEach, clients: 'none' };
const { talks } = await gatherCrowd(people, () => {});
const shaken: Shaken[] = [];
for (const { id, members } of talks) {
  for (const { token } of members) {
    const network = await shakenNetwork(gatewayUrl);
    const client = (plan.clients === 'sdk' ? shakenSdk : shakenStock)({ url: network.url, token, conversation: id });
    shaken.push({ client, network, talk: id });
  }
}
await eventually(
  () => {
    const late = shaken.filter(({ client }) => !client.ready()).length;
    return late === 0 ? undefined : `${late} clients are not ready`;
  },
  { timeoutMs: 240_000 },
);

const until = performance.now() + plan.seconds * 1000;
const shaking = shaken.map(({ network }, seed) => network.shake({ ...plan, seed, until }));
const sent: Sent[] = [];
await Promise.all([...talks.map(talkAway), ...shaking]);
// Whoever can still get something has this long: the longest pause between two attempts of the SDK, and again.
await eventually(() => (displayedOf(sent) === expectedOf(sent) ? undefined : 'something is missing'), {
  timeoutMs: plan.clients === 'sdk' ? 60_000 : 15_000,
}).catch(() => undefined);

const result: JitterResult = {
  sent: sent.length,
  expected: expectedOf(sent),
  displayed: displayedOf(sent),
  duplicates: shaken.reduce((sum, { client }) => sum + client.duplicates, 0),
  cuts: shaken.reduce((sum, { network }) => sum + network.outages.length, 0),
  ...replays(),
  behind: behind(),
};
process.stdout.write(`done ${JSON.stringify(result)}\n`, () => process.exit());

async function talkAway({ id, members }: (typeof talks)[number]): Promise<void> {
  const poster = createPoster();
  const url = new URL('/api/chat/messages', gatewayUrl);
  for (let index = 0; performance.now() < until; index += 1) {
    const content = randomUUID();
    const { token = '' } = members[index % members.length] ?? {};
    const body = JSON.stringify({ conversationId: id, content, type: 0, clientMessageId: content });
    const status = await poster.post(url, token, body);
    if (status !== 201) throw new Error(`a message was answered ${status}`);
    sent.push({ id: content, talk: id, sentAt: performance.now() });
    await after(plan.talkEveryMs);
  }
  poster.close();
}

function expectedOf(messages: readonly Sent[]): number {
  return messages.length * membersEach;
}

function behind(): string[] {
  return shaken.flatMap(({ client, talk }) => {
    const lacks = sent.filter((message) => message.talk === talk && !client.displayedAt.has(message.id)).length;
    return lacks === 0 ? [] : [`${lacks} missing, ${client.connectedAt.length} connects, now ${client.status()}`];
  });
}

function displayedOf(messages: readonly Sent[]): number {
  let displayed = 0;
  for (const { client, talk } of shaken) {
    displayed += messages.filter((message) => message.talk === talk && client.displayedAt.has(message.id)).length;
  }
  return displayed;
}

function replays(): Pick<JitterResult, 'replayMs' | 'sinceNetworkMs'> {
  const replayMs: number[] = [];
  const sinceNetworkMs: number[] = [];
  for (const { client, network, talk } of shaken) {
    for (const [index, { cutAt, healedAt }] of network.outages.entries()) {
      const connectedAt = client.connectedAt.find((at) => at > healedAt) ?? Number.POSITIVE_INFINITY;
      // Who was not back before the next cut is measured from that one on.
      if (connectedAt > (network.outages[index + 1]?.cutAt ?? Number.POSITIVE_INFINITY)) continue;
      for (const message of sent) {
        const shownAt = client.displayedAt.get(message.id);
        if (message.talk !== talk || shownAt === undefined || shownAt < cutAt || message.sentAt > connectedAt) continue;
        // What REST brought before the connection was there was not waited for.
        replayMs.push(Math.max(0, shownAt - connectedAt));
        sinceNetworkMs.push(Math.max(0, shownAt - healedAt));
      }
    }
  }
  return { replayMs, sinceNetworkMs };
}
