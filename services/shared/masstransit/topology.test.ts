import { expect, it } from 'vitest';
import { receiveTopology } from './topology.ts';

const exchange = 'Sonixy.Shared.Events:UserInteractionEvent';

it('leads from the message exchange over the endpoint’s to its queue', () => {
  const topology = receiveTopology({ queue: 'q', exchanges: [exchange] });
  expect(topology.exchanges).toEqual([exchange, 'q', 'q_error', 'q_skipped']);
  expect(topology.exchangeBindings).toEqual([{ source: exchange, destination: 'q' }]);
  expect(topology.queueBindings).toEqual([
    { exchange: 'q', queue: 'q' },
    { exchange: 'q_error', queue: 'q_error' },
    { exchange: 'q_skipped', queue: 'q_skipped' },
  ]);
});

it('parks what its consumers do not survive, and never drops what is parked', () => {
  const [queue, error, skipped] = receiveTopology({ queue: 'q', exchanges: [exchange] }).queues;
  expect(queue?.arguments).toEqual({
    'x-queue-type': 'quorum',
    'x-delivery-limit': 100,
    'x-dead-letter-exchange': 'q_error',
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  });
  for (const parked of [error, skipped]) {
    expect(parked?.arguments).toEqual({ 'x-queue-type': 'quorum', 'x-delivery-limit': 2_147_483_647 });
  }
});

it('lets a queue expire that nobody consumes, where asked, and never what is parked', () => {
  const { queues } = receiveTopology({ queue: 'q', exchanges: [exchange], expiresMs: 60_000 });
  expect(queues.map((queue) => queue.arguments['x-expires'])).toEqual([60_000, undefined, undefined]);
});

it.each(['', 'a b', 'a/b', 'x'.repeat(256)])('refuses the name %j', (queue) => {
  expect(() => receiveTopology({ queue, exchanges: [] })).toThrow(TypeError);
});

it('takes every name that MassTransit takes', () => {
  expect(receiveTopology({ queue: 'Straße_1.a-b', exchanges: ['Ns:Gen--Arg::Arg2--'] }).exchanges).toHaveLength(4);
});
