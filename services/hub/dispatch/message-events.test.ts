import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedBackplane } from '#shared/backplane/scripted-backplane.fixture.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { createMemoryBus } from '#shared/bus/memory-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import type { MessageEvent } from '#shared/contract/message-event.ts';
import { exchanges, messageUrns, streamChannel, userChannel } from '#shared/contract/names.ts';
import { decodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { SimulatedConversation } from '#shared/hub/simulated-chat.fixture.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { eventually } from '#test/eventually.ts';
import { toMessageEvent } from './message-event.fixture.ts';
import { messageEventConsumers } from './message-events.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A worker's endpoint on a bus of its own; `frames` are all that it published. */
function startDispatch(backplane = new ScriptedBackplane()) {
  const frames: { channel: string; frame: Uint8Array }[] = [];
  backplane.publish = async (channel, frame) => void frames.push({ channel, frame });
  const metrics = createMetrics('test');
  const bus = createMemoryBus();
  ends.push(() => bus.close());
  const consumers = messageEventConsumers({ backplane, log, metrics });
  const endpoint = startReceiveEndpoint({ bus, queue: 'hub-test', consumers, log, metrics });
  ends.push(() => endpoint.stop());
  const errors: string[] = [];
  const parked = bus.consume({
    queue: 'hub-test_error',
    onDelivery: (delivery) => {
      errors.push(delivery.body.toString());
      delivery.ack();
    },
  });
  ends.push(() => parked.close());
  const publisher = createEventPublisher({ bus });
  const count = async (outcome: string) => {
    const metric = await metrics.registry.getSingleMetric('hub_events_total')?.get();
    return metric?.values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
  };
  const publish = (payload: object, name: keyof typeof exchanges = 'messageSent') =>
    publisher.publish({ exchange: exchanges[name], messageUrn: messageUrns[name], payload });
  return { publish, frames, errors, count, backplane };
}

function decoded(bytes: Uint8Array): PushFrame {
  const frame = decodePushFrame(bytes);
  if (!frame) throw new Error('this is no frame');
  return frame;
}

const arrived = (list: readonly unknown[], wanted: number) =>
  eventually(() => (list.length === wanted ? undefined : `${list.length} of ${wanted}`));

describe('an event of a message', () => {
  it("goes to every recipient's channel: the row as clients get it, with the news of its conversation", async () => {
    const { publish, frames } = startDispatch();
    const group = new SimulatedConversation(['alice', 'bob']);
    const pushed = group.send();
    const event = toMessageEvent(group, pushed);
    await publish(event);
    await arrived(frames, 2);
    expect(frames.map(({ channel }) => channel).toSorted()).toEqual(group.channels.toSorted());
    for (const { frame } of frames) {
      const { news, ...row } = decoded(frame);
      expect({ ...row, body: JSON.parse(String(row.body)) }).toEqual({ ...pushed.frame, body: event.message });
      expect({ ...news, body: JSON.parse(String(news?.body)) }).toEqual({ seq: pushed.frame.seq, body: group.dto });
    }
  });

  it('goes without news of another life than its row, which nobody could put in order', async () => {
    const { publish, frames } = startDispatch();
    const group = new SimulatedConversation(['alice']);
    const event = toMessageEvent(group, group.send());
    await publish({ ...event, conversation: { ...group.dto, cursor: `other.${event.seq}` } });
    await publish(event);
    await arrived(frames, 2);
    expect(frames.map(({ frame }) => decodePushFrame(frame)?.news?.seq)).toEqual([undefined, event.seq]);
  });

  it("of a large conversation goes to the conversation's channel", async () => {
    const { publish, frames } = startDispatch();
    const group = new SimulatedConversation(
      Array.from({ length: smallConversation + 1 }, (_, index) => `user-${index}`),
    );
    await publish(toMessageEvent(group, group.send()));
    await arrived(frames, 1);
    expect(frames.map(({ channel }) => channel)).toEqual([streamChannel(group.stream)]);
  });

  it('that changed or deleted one is handed on as such, without news where there are none', async () => {
    const { publish, frames } = startDispatch();
    const group = new SimulatedConversation(['alice']);
    await publish({ ...toMessageEvent(group, group.edit(1)), conversation: null }, 'messageChanged');
    await publish({ ...toMessageEvent(group, group.delete(1)), conversation: null }, 'messageChanged');
    await arrived(frames, 2);
    expect(frames.map(({ frame }) => decodePushFrame(frame)?.kind)).toEqual(['message', 'messageDeleted']);
    expect(frames[0]?.channel).toBe(userChannel('alice' as never));
  });

  it('that nobody is left to hear of is done', async () => {
    const { publish, frames, count } = startDispatch();
    const group = new SimulatedConversation([]);
    await publish({ ...toMessageEvent(group, group.send()), conversation: null });
    await eventually(async () => ((await count('published')) === 1 ? undefined : 'not done'));
    expect(frames).toEqual([]);
  });

  it('is acknowledged while the backplane is down, and the next one goes out when it is back', async () => {
    const { publish, frames, errors, count, backplane } = startDispatch();
    const group = new SimulatedConversation(['alice']);
    backplane.goDown();
    await publish(toMessageEvent(group, group.send()));
    await eventually(async () => ((await count('not_published')) === 1 ? undefined : 'not done'));
    backplane.comeUp();
    await publish(toMessageEvent(group, group.send()));
    await arrived(frames, 1);
    expect(decodePushFrame(frames[0]?.frame ?? Buffer.of())?.seq).toBe(3);
    expect(errors).toEqual([]);
  });

  it('is acknowledged when the backplane refuses it', async () => {
    const { publish, errors, count, backplane } = startDispatch();
    backplane.publishMany = () => Promise.reject(new Error('refused'));
    const group = new SimulatedConversation(['alice']);
    await publish(toMessageEvent(group, group.send()));
    await eventually(async () => ((await count('not_published')) === 1 ? undefined : 'not done'));
    expect(errors).toEqual([]);
  });
});

describe('an event that our chat service did not publish', () => {
  const group = new SimulatedConversation(['alice', 'bob']);
  const good = toMessageEvent(group, group.send());
  const with_ = (change: Partial<Record<keyof MessageEvent, unknown>>) => ({ ...good, ...change });

  it.each<[string, object]>([
    ["is .NET's own, without our fields", { messageId: '1', conversationId: group.id, senderId: 'a', content: 'b' }],
    ['names no conversation', with_({ conversationId: 'x' })],
    ['names it in another case', with_({ conversationId: 'ABCDEFABCDEFABCDEFABCDEF' })],
    ['has a seq that is none', with_({ seq: 0 })],
    ['has a number that is a text', with_({ number: '2' })],
    ['has a version below 0', with_({ membersVersion: -1 })],
    ['has an epoch that is none', with_({ epoch: 'a.b' })],
    ['has recipients that are no users', with_({ recipientIds: ['alice', 5] })],
    [
      'has recipients without end',
      with_({ recipientIds: Array.from({ length: 1_001 }, (_, index) => `user-${index}`) }),
    ],
    ['carries another row', with_({ message: { ...good.message, seq: 9 } })],
    ["carries another conversation's row", with_({ message: { ...good.message, conversationId: 'f'.repeat(24) } })],
    ['carries no row', with_({ message: null })],
    ['carries another conversation', with_({ conversation: { ...good.conversation, id: 'f'.repeat(24) } })],
    ['carries news without a place', with_({ conversation: { ...good.conversation, cursor: 'x' } })],
  ])('moves to the error queue at once when it %s', async (_what, payload) => {
    const { publish, frames, errors, count } = startDispatch();
    await publish(payload);
    await arrived(errors, 1);
    await publish(good);
    await arrived(frames, 2);
    expect(await count('invalid')).toBe(1);
  });
});
