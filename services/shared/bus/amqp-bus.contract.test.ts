import { connect } from 'amqplib';
import { describe } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { connectAmqpBus } from './amqp-bus.ts';
import { type BusHarness, describeBus } from './bus.contract.ts';
import { describeReceiveEndpoint } from './receive-endpoint.contract.ts';

describeOnServers('rabbitmq', 'AMQP bus', (serverUrl) => {
  const open = async (): Promise<BusHarness> => {
    const url = await serverUrl();
    return {
      features: { persistent: true },
      make: () => connectAmqpBus({ url, log: createLogger({ name: 'test', level: 'fatal' }) }),
      async remove(topologies) {
        const connection = await connect(url);
        const channel = await connection.createChannel();
        for (const { queues, exchanges } of topologies) {
          for (const { name } of queues) await channel.deleteQueue(name);
          for (const exchange of exchanges) await channel.deleteExchange(exchange);
        }
        await connection.close();
      },
    };
  };
  describeBus(open);
  describe('receive endpoint', () => describeReceiveEndpoint(open));
});
