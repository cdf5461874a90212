import type { ChannelModel } from 'amqplib';
import type { Topology } from '#shared/masstransit/topology.ts';
import type { DeclareOptions } from './bus.ts';

/**
 * Declares in MassTransit's order. Where this user may not declare, all is left as it is: then the topology was
 * provisioned with the broker. With `mustMake` that is an error, too.
 */
export async function declareTopology(
  model: ChannelModel,
  topology: Topology,
  { mustMake = false }: DeclareOptions = {},
): Promise<void> {
  const channel = await model.createChannel();
  // The failed call itself rejects with it.
  channel.on('error', () => undefined);
  try {
    for (const queue of topology.queues) {
      await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
    }
    for (const exchange of topology.exchanges) await channel.assertExchange(exchange, 'fanout', { durable: true });
    for (const { queue, exchange } of topology.queueBindings) await channel.bindQueue(queue, exchange, '');
    for (const { source, destination } of topology.exchangeBindings) {
      await channel.bindExchange(destination, source, '');
    }
    await channel.close();
  } catch (error) {
    if (mustMake || replyCode(error) !== accessRefused) throw error;
  }
}

const accessRefused = 403;
const refusals = new Set([accessRefused, 404, 406]);

/** Whether the broker answered and said no, as opposed to being away. */
export function isRefusal(error: unknown): boolean {
  return refusals.has(replyCode(error));
}

function replyCode(error: unknown): number {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number'
    ? error.code
    : 0;
}
