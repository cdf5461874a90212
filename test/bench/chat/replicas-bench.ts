import { quantile } from '../bootstrap.ts';
import type { Finding } from '../findings.ts';
import { tokenFor } from './driver/crowd.ts';
import type { LoadResult } from './driver/loads.ts';
import { createPoster } from './driver/poster.ts';
import { startDriver } from './driver.ts';
import { type ChatServers, type ChatSystem, startOurs } from './systems.ts';

const replicas = 4;
const rate = 500;

export type Replicas = { readonly result: LoadResult; readonly findings: readonly Finding[] };

/** All talk in one conversation, each POST goes to the next of four processes on one store, and the whole of it is read back. */
export async function measureReplicas(servers: ChatServers, { seconds }: { seconds: number }): Promise<Replicas> {
  await using system = await startOurs(servers, { chats: replicas, sockets: 1 });
  await using driver = await startDriver(system, {
    conversations: 1,
    membersEach: 10,
    clients: 'none',
    postUrls: system.restUrls,
  });
  const result = await driver.run({ kind: 'open', rate, seconds });
  const [talk] = await driver.talks();
  const [reader] = talk?.members ?? [];
  if (!talk || !reader) throw new Error('nobody talks');
  const numbers = await numbersOf(system, talk.id, reader.user);
  // The first message of a group says that it was made.
  const isWhole = numbers.length === result.sent + 1 && numbers.every((number, index) => number === index + 1);
  const sorted = Float64Array.from(result.postMs).sort();
  const allCreated = result.statuses['201'] === result.sent;
  const words = [
    `${result.statuses['201'] ?? 0} of ${result.sent} were 201`,
    `${(result.sent / result.seconds).toFixed(0)}/s`,
    `p50 ${quantile(sorted, 0.5).toFixed(0)} ms, p99 ${quantile(sorted, 0.99).toFixed(0)} ms`,
    isWhole ? 'read back whole' : `read back ${numbers.length} rows, highest number ${numbers.at(-1)}`,
    ...(allCreated ? [] : [JSON.stringify(result.statuses)]),
  ];
  return {
    result,
    findings: [
      {
        what: `${rate} messages/s into one conversation over ${replicas} replicas for ${seconds} s`,
        measured: words.join('; '),
        target: 'no error, whole',
        met: allCreated && isWhole,
      },
    ],
  };
}

/** Of every message that the conversation has, oldest first. */
async function numbersOf({ restUrls, secret }: ChatSystem, id: string, user: string): Promise<number[]> {
  const poster = createPoster();
  const token = await tokenFor(secret, user);
  const numbers: number[] = [];
  for (let before: number | undefined; before !== 1; before = numbers.at(-1)) {
    const url = new URL(`/api/chat/conversations/${id}/messages?limit=100`, restUrls[0]);
    if (before !== undefined) url.searchParams.set('before', String(before));
    const { status, text } = await poster.call('GET', url, token);
    if (status !== 200) throw new Error(`reading back was answered ${status}: ${text}`);
    const page = JSON.parse(text) as { number: number }[];
    if (page.length === 0) break;
    numbers.push(...page.map(({ number }) => number));
  }
  poster.close();
  return numbers.reverse();
}
