import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from '#shared/api-docs/asyncapi.ts';
import { createMessageCheck } from '#shared/api-docs/documented-messages.fixture.ts';
import { openApiDocument } from '#shared/api-docs/openapi.ts';
import { createMemoryBus } from '#shared/bus/memory-bus.ts';
import { exchanges } from '#shared/contract/names.ts';
import { receiveTopology } from '#shared/masstransit/topology.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { eventually } from '#test/eventually.ts';
import { overridable, startTestChat } from '../chat.fixture.ts';
import { openSqliteChatStore } from '../store/sqlite-chat-store.ts';
import { routes } from './routes.ts';

describe('what the chat service says of itself', () => {
  it('is served to everybody', async () => {
    await using chat = await startTestChat();
    const answer = await chat.call('GET', '/openapi.json');
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes))));
    expect((await chat.call('GET', '/api-docs')).text).toContain('/api/chat/sync');
  });

  it('is what tests hold every answer to', async () => {
    const log = createLogger({ name: 'test', level: 'silent' });
    await using real = await startTestChat();
    const store = overridable(openSqliteChatStore({ file: ':memory:', clock, log }));
    await using chat = await startTestChat({ store: { ...store, epoch: async () => 'an epoch of another form' } });
    const pair = { type: 0, participantIds: ['bob'] };
    await expect(chat.person().post('/api/chat/conversations', pair)).rejects.toThrow(/cursor must match pattern/);
    expect((await real.person().post('/api/chat/conversations', pair)).status).toBe(201);
  });

  it('holds for its events on the bus, envelope included', async () => {
    const check = createMessageCheck(asyncApiDocument());
    const bus = createMemoryBus();
    const envelopes: { messageType: string[]; message: object }[] = [];
    const queue = 'documented';
    const consumer = bus.consume({
      queue,
      topology: receiveTopology({ queue, exchanges: [exchanges.messageSent, exchanges.messageChanged] }),
      onDelivery(delivery) {
        envelopes.push(JSON.parse(delivery.body.toString()));
        delivery.ack();
      },
    });
    await eventually(() => (consumer.state.status === 'consuming' ? undefined : consumer.state.detail));
    await using chat = await startTestChat({ bus });
    const alice = chat.person('alice');
    const { id } = (await alice.post('/api/chat/conversations', { type: 1, participantIds: ['bob'], name: 'us' })).body;
    const sent = await alice.post('/api/chat/messages', { conversationId: id, content: 'hello', type: 0 });
    await alice.put(`/api/chat/messages/${sent.body.id}`, { content: 'hello!' });
    await alice.delete(`/api/chat/messages/${sent.body.id}`);
    await eventually(() => (envelopes.length >= 4 ? undefined : `${envelopes.length} events came`));
    const nameOf = ({ messageType }: { messageType: string[] }) => String(messageType[0]).replace('urn:message:', '');
    expect(new Set(envelopes.map(nameOf))).toEqual(new Set([exchanges.messageSent, exchanges.messageChanged]));
    for (const envelope of envelopes) {
      check(nameOf(envelope), nameOf(envelope), envelope);
      const wrong = { ...envelope, message: { ...envelope.message, seq: 'first' } };
      expect(() => check(nameOf(envelope), nameOf(envelope), wrong)).toThrow('must be integer');
    }
  });
});
