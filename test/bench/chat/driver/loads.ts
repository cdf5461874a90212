import { randomUUID } from 'node:crypto';
import type { Talk } from './crowd.ts';
import type { Poster } from './poster.ts';
import type { Tracker } from './tracker.ts';

export type LoadPlan =
  /** `window` POSTs on their way until `count` are answered. */
  | { readonly kind: 'closed'; readonly count: number; readonly window: number }
  /** One POST each 1/`rate` seconds, whatever becomes of the earlier ones. */
  | { readonly kind: 'open'; readonly rate: number; readonly seconds: number };

export type LoadResult = {
  readonly sent: number;
  /** How many POSTs were answered with which status; 0: with none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** From the planned time of a send (closed: from the send) to its answer, ms. */
  readonly postMs: readonly number[];
  /** From there to the last member's display, ms. */
  readonly displayMs: readonly number[];
  /** From the first send to the last display, or to the last answer where nobody looks. */
  readonly seconds: number;
  readonly missing: number;
  readonly duplicates: number;
  /** Of one core, of the load generator itself: near 1 it measures itself. */
  readonly generatorCpu: number;
};

const text = 'x'.repeat(200);
const settleMs = 20_000;

export type LoadParts = {
  readonly talks: readonly Talk[];
  /** Where messages are posted, in turn. */
  readonly postUrls: readonly string[];
  readonly poster: Poster;
  readonly tracker: Tracker;
};

export async function runLoad(plan: LoadPlan, parts: LoadParts): Promise<LoadResult> {
  const { talks, poster, tracker } = parts;
  const urls = parts.postUrls.map((url) => new URL('/api/chat/messages', url));
  const statuses: Record<string, number> = {};
  const postMs: number[] = [];
  tracker.take();
  let sent = 0;
  let answeredAt = 0;

  async function send(plannedAt: number): Promise<void> {
    const index = sent;
    sent += 1;
    const talk = talks[index % talks.length];
    const url = urls[index % urls.length];
    const sender = talk?.members[Math.floor(index / talks.length) % talk.members.length];
    if (!talk || !url || !sender) throw new Error('nobody talks');
    const clientMessageId = randomUUID();
    tracker.planned(clientMessageId, plannedAt);
    const body = JSON.stringify({ conversationId: talk.id, content: text, type: 0, clientMessageId });
    const status = await poster.post(url, sender.token, body);
    answeredAt = performance.now();
    postMs.push(answeredAt - plannedAt);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }

  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await (plan.kind === 'closed' ? closed(plan, send) : open(plan, send));
  await tracker.settled(settleMs);
  const endedAt = Math.max(answeredAt, tracker.lastAt);
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = (endedAt - startedAt) / 1000;
  const { displayMs, missing, duplicates } = tracker.take();
  const generatorCpu = (cpu.user + cpu.system) / 1e6 / ((performance.now() - startedAt) / 1000);
  return { sent, statuses, postMs, displayMs, seconds, missing, duplicates, generatorCpu };
}

type Send = (plannedAt: number) => Promise<void>;

async function closed({ count, window }: LoadPlan & { kind: 'closed' }, send: Send): Promise<void> {
  let begun = 0;
  const lane = async () => {
    while (begun < count) {
      begun += 1;
      await send(performance.now());
    }
  };
  await Promise.all(Array.from({ length: window }, lane));
}

/** Latency counts from the time at which a send was due, so a system that stalls pays for all that waited behind it. */
async function open({ rate, seconds }: LoadPlan & { kind: 'open' }, send: Send): Promise<void> {
  const startAt = performance.now();
  const total = Math.round(rate * seconds);
  const answers: Promise<void>[] = [];
  while (answers.length < total) {
    const now = performance.now();
    for (;;) {
      const due = startAt + (answers.length * 1000) / rate;
      if (due > now || answers.length >= total) break;
      answers.push(send(due));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
}
