import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from '#shared/api-docs/asyncapi.ts';
import { createMessageCheck } from '#shared/api-docs/documented-messages.fixture.ts';
import { openApiDocument } from '#shared/api-docs/openapi.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { createMemoryBus } from '#shared/bus/memory-bus.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import { receiveTopology } from '#shared/masstransit/topology.ts';
import { eventually } from '#test/eventually.ts';
import { like, startTestNotification } from '../notification.fixture.ts';
import { routes } from './routes.ts';

const alice = 'alice' as UserId;

describe('what the notification service says of itself', () => {
  it('is served to everybody', async () => {
    await using service = await startTestNotification();
    const answer = await service.call('GET', '/openapi.json');
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes))));
    expect((await service.call('GET', '/api-docs')).text).toContain('/api/notifications/unread-count');
  });

  it('is what tests hold every answer to', async () => {
    await using service = await startTestNotification();
    const path = '/api/notifications/unread-count';
    expect((await service.as(alice, 'GET', path)).status).toBe(200);
    service.store.countUnread = async () => ({ count: -1, capped: false });
    await expect(service.as(alice, 'GET', path)).rejects.toThrow(/count must be >= 0/);
  });

  it('holds for the events that it reads', async () => {
    const check = createMessageCheck(asyncApiDocument());
    const bus = createMemoryBus();
    const envelopes: { message: object }[] = [];
    const queue = randomUUID();
    const consumer = bus.consume({
      queue,
      topology: receiveTopology({ queue, exchanges: [exchanges.userInteraction] }),
      onDelivery(delivery) {
        envelopes.push(JSON.parse(delivery.body.toString()));
        delivery.ack();
      },
    });
    await eventually(() => (consumer.state.status === 'consuming' ? undefined : consumer.state.detail));
    const { payload } = like(alice);
    const event = { exchange: exchanges.userInteraction, messageUrn: messageUrns.userInteraction, payload };
    await createEventPublisher({ bus }).publish(event);
    await eventually(() => (envelopes.length === 1 ? undefined : 'no event came'));
    const [envelope] = envelopes;
    check(exchanges.userInteraction, exchanges.userInteraction, envelope);
    const wrong = { ...envelope, message: { ...envelope?.message, actionType: 99 } };
    expect(() => check(exchanges.userInteraction, exchanges.userInteraction, wrong)).toThrow('actionType');
    await bus.close();
  });
});
