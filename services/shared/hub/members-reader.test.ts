import { describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { type MembersRequest, maxUsersAsked } from '#shared/contract/internal-calls.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { ConversationEntry } from './conversation-entry.ts';
import { createHubMetrics } from './hub-metrics.ts';
import type { MembersNow } from './member-gate.ts';
import { createMembersReader } from './members-reader.ts';
import { SimulatedChat } from './simulated-chat.fixture.ts';

type Read = { readonly entry: ConversationEntry; readonly asked: readonly UserId[]; readonly now: MembersNow };

function startReader() {
  const chat = new SimulatedChat();
  const calls: MembersRequest[] = [];
  const reads: Read[] = [];
  const members = chat.members.bind(chat);
  chat.members = (request) => {
    calls.push(request);
    return members(request);
  };
  const reader = createMembersReader({
    source: chat,
    clock: new FakeClock(),
    log: createLogger({ name: 'test', level: 'silent' }),
    metrics: createHubMetrics(createMetrics('test')),
    onRead: (entry, asked, now) => reads.push({ entry, asked, now }),
  });
  return { chat, calls, reads, reader };
}

const people = (count: number) => Array.from({ length: count }, (_, index) => `${'x'.repeat(30)}${index}` as UserId);

/** A conversation that these users of the worker may be in. */
function suspecting(users: readonly UserId[], { stream, id }: { stream: ConversationEntry['stream']; id: string }) {
  const entry = new ConversationEntry(stream, id as ConversationEntry['conversation']);
  for (const user of users) entry.gate.suspect(user, { version: 1, since: undefined });
  return entry;
}

describe('reading members', () => {
  it('asks about many conversations in one call, and about none that wants nothing', async () => {
    const { chat, calls, reads, reader } = startReader();
    const [alice, bob] = ['alice', 'bob'] as UserId[];
    const entries = Array.from({ length: 20 }, () =>
      suspecting([alice as UserId, bob as UserId], chat.create('alice')),
    );
    for (const entry of entries) reader.want(entry);
    reader.want(suspecting([], chat.create('alice')));
    await eventually(() => (reads.length === 20 ? undefined : `${reads.length} read`));
    expect(calls.map(({ requests }) => requests.length)).toEqual([20]);
    expect(reads.map(({ entry }) => entry)).toEqual(entries);
    for (const { asked, now } of reads) {
      expect(asked).toEqual([alice, bob]);
      expect(now).toMatchObject({ version: 1, large: false, users: [alice], all: [alice] });
    }
  });

  it('asks about thousands of users of one conversation in calls of a bounded size, and joins the answers', async () => {
    const { chat, calls, reads, reader } = startReader();
    const users = people(20_000);
    const group = chat.create(...users.slice(0, 15_000));
    const entry = suspecting(users, group);
    reader.want(entry);
    reader.want(suspecting(['alice' as UserId], chat.create('alice')));
    await eventually(() => (reads.length === 2 ? undefined : `${reads.length} read`));
    expect(calls.length).toBeGreaterThan(1);
    for (const { requests } of calls) {
      expect(JSON.stringify(requests).length).toBeLessThan(300_000);
      for (const { users: some } of requests) expect(some.length).toBeLessThanOrEqual(maxUsersAsked);
    }
    const read = reads.find((it) => it.entry === entry);
    expect(read?.asked).toHaveLength(20_000);
    expect(read?.now).toMatchObject({ version: 1, large: true, all: null });
    expect(read?.now.users).toEqual(users.slice(0, 15_000));
  });

  it('is not about a conversation that was left meanwhile', async () => {
    const { chat, reads, reader } = startReader();
    const [gone, there] = [0, 1].map(() => suspecting(['alice' as UserId], chat.create('alice')));
    const gate = Promise.withResolvers<void>();
    chat.gates.members = gate.promise;
    for (const entry of [gone, there]) if (entry) reader.want(entry);
    await eventually(() => (chat.reads.members === 1 ? undefined : 'not asked'));
    if (gone) gone.dropped = true;
    gate.resolve();
    await eventually(() => (reads.length === 1 ? undefined : `${reads.length} read`));
    expect(reads[0]?.entry).toBe(there);
  });
});
