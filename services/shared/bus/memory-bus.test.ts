import { describe, expect, it } from 'vitest';
import { receiveTopology } from '#shared/masstransit/topology.ts';
import { describeBus } from './bus.contract.ts';
import { createMemoryBus } from './memory-bus.ts';
import { describeReceiveEndpoint } from './receive-endpoint.contract.ts';

describe('memory bus', () => {
  const open = async () => ({
    features: { persistent: false },
    make: createMemoryBus,
    remove: async () => undefined,
  });
  describeBus(open);
  describe('receive endpoint', () => describeReceiveEndpoint(open));

  it('shows what lies in a queue', async () => {
    const bus = createMemoryBus();
    await bus.declare(receiveTopology({ queue: 'q', exchanges: ['A:B'] }));
    await bus.publish({ exchange: 'A:B', body: Buffer.from('a'), properties: { messageId: 'm' } });
    expect(bus.messages('q')).toEqual([{ body: Buffer.from('a'), properties: { messageId: 'm' }, routingKey: '' }]);
    expect(bus.messages('q_error')).toEqual([]);
  });

  it('refuses what would fill the memory', async () => {
    const bus = createMemoryBus();
    await bus.declare(receiveTopology({ queue: 'q', exchanges: ['A:B'] }));
    const message = { exchange: 'A:B', body: Buffer.from('a'), properties: {} };
    for (let count = 0; count < 100_000; count += 1) await bus.publish(message);
    await expect(bus.publish(message)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
