import { afterEach, expect, it } from 'vitest';
import { createChatMetrics } from '#services/chat/chat-metrics.ts';
import { createOutbox } from '#services/chat/outbox/outbox.ts';
import { openSqliteChatStore } from '#services/chat/store/sqlite-chat-store.ts';
import { messageEventConsumers } from '#services/hub/dispatch/message-events.ts';
import { ScriptedBackplane } from '#shared/backplane/scripted-backplane.fixture.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { createMemoryBus } from '#shared/bus/memory-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { conversationStream, type UserId } from '#shared/contract/ids.ts';
import { queues, streamChannel, userChannel } from '#shared/contract/names.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { eventually } from '#test/eventually.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What one message of a group of that size becomes on the backplane, from the store to the hubs' dispatch. */
async function publishesOf(members: number) {
  const metrics = createMetrics('test');
  const bus = createMemoryBus();
  ends.push(() => bus.close());
  const backplane = new ScriptedBackplane();
  const channels: string[] = [];
  backplane.publish = async (channel) => void channels.push(channel);
  const consumers = messageEventConsumers({ backplane, log, metrics });
  const endpoint = startReceiveEndpoint({ bus, queue: queues.hubMessages, consumers, log, metrics });
  ends.push(() => endpoint.stop());
  const store = openSqliteChatStore({ file: ':memory:', clock, log });
  ends.push(() => store.close());
  const times = { graceMs: 60_000, leaseMs: 60_000, sweepRows: 100, maxInFlight: 100 };
  const publisher = createEventPublisher({ bus });
  const onLeftover = () => {};
  const outbox = createOutbox({
    store,
    publisher,
    clock,
    log,
    metrics: createChatMetrics(metrics),
    onLeftover,
    ...times,
  });
  ends.push(() => outbox.stop());

  const [creator, ...others] = Array.from({ length: members }, (_, index) => `user-${index}` as UserId);
  if (!creator) throw new Error('a group needs somebody');
  const { view } = await store.createConversation({ type: 'group', creator, others, name: null });
  const { id: conversationId } = view.conversation;
  const text = { content: 'hello', type: 'text', system: null, clientMessageId: null, bodyHash: '' } as const;
  const sent = await store.send({ conversationId, senderId: creator, ...text });
  outbox.written(sent, await store.epoch(), view);
  const done = async () => {
    const counted = await metrics.registry.getSingleMetric('hub_events_total')?.get();
    return counted?.values.find(({ labels }) => labels['outcome'] === 'published')?.value === 1;
  };
  await eventually(async () => ((await done()) ? undefined : 'not dispatched'));
  return { channels, stream: streamChannel(conversationStream(conversationId)) };
}

it.each([33, 100, 1_000])('a message in a group of %i is published once, for all of them', async (members) => {
  const { channels, stream } = await publishesOf(members);
  expect(channels).toEqual([stream]);
});

it('a message in a group up to the limit is published once to each member', async () => {
  const { channels } = await publishesOf(smallConversation);
  const wanted = Array.from({ length: smallConversation }, (_, index) => userChannel(`user-${index}` as UserId));
  expect(channels.toSorted()).toEqual(wanted.toSorted());
});
