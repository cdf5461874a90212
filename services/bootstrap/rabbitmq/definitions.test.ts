import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { exchanges, queues } from '#shared/contract/names.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { type RabbitMq, startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { eventually } from '#test/eventually.ts';
import { type RabbitmqUser, rabbitmqDefinitions, rabbitmqUsers } from './definitions.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const passwords = Object.fromEntries(rabbitmqUsers.map((user) => [user, `password-of-${user}`])) as Record<
  RabbitmqUser,
  string
>;

describe('the definitions on a real RabbitMQ', () => {
  let broker: RabbitMq;

  beforeAll(async () => {
    broker = await startRabbitMq();
    const file = join(tmpdir(), `definitions-${randomUUID()}.json`);
    await writeFile(file, JSON.stringify(rabbitmqDefinitions(passwords)));
    // Twice: each start of a node imports them again.
    await broker.ctl('import_definitions', file);
    await broker.ctl('import_definitions', file);
  });

  afterAll(() => broker?.[Symbol.asyncDispose]());

  const busOf = (user: RabbitmqUser, publishTimeoutMs = 30_000) => {
    const url = broker.url.replace('guest:guest@', `${user}:${passwords[user]}@`);
    return connectAmqpBus({ url, log, publishTimeoutMs });
  };
  const message = (exchange: string) => ({
    exchange,
    body: Buffer.from('{}'),
    properties: { messageId: randomUUID(), contentType: 'application/json' },
  });
  const ready = async (queue: string) => {
    const lines = await broker.ctl('list_queues', 'name', 'messages');
    return Number(
      lines
        .split('\n')
        .find((line) => line.startsWith(`${queue}\t`))
        ?.split('\t')[1],
    );
  };

  it.each<[RabbitmqUser, string, string]>([
    ['publisher', exchanges.userInteraction, queues.notificationUserInteraction],
    ['chat', exchanges.messageSent, queues.hubMessages],
    ['chat', exchanges.messageChanged, queues.hubMessages],
  ])('%s publishes %s, and it waits in %s', async (user, exchange, queue) => {
    const before = await ready(queue);
    await using bus = { bus: busOf(user), [Symbol.asyncDispose]: () => bus.bus.close() };
    await bus.bus.publish(message(exchange));
    await eventually(async () => ((await ready(queue)) > before ? undefined : 'nothing waits there'));
  });

  it.each<[RabbitmqUser, string]>([
    ['chat', exchanges.userInteraction],
    ['hub', exchanges.messageSent],
    ['notification', exchanges.userInteraction],
    ['publisher', queues.hubMessages],
  ])('%s may not publish to %s', async (user, exchange) => {
    // Tried again until then: the right may come.
    await using bus = { bus: busOf(user, 2_000), [Symbol.asyncDispose]: () => bus.bus.close() };
    await expect(bus.bus.publish(message(exchange))).rejects.toMatchObject({ name: 'PlatformError' });
  });

  it.each<[RabbitmqUser, string, 'consuming' | 'refused']>([
    ['notification', queues.notificationUserInteraction, 'consuming'],
    ['hub', queues.hubMessages, 'consuming'],
    ['hub', queues.notificationUserInteraction, 'refused'],
    ['notification', queues.hubMessages, 'refused'],
    ['chat', queues.hubMessages, 'refused'],
    ['publisher', queues.notificationUserInteraction, 'refused'],
  ])('%s at %s is %s', async (user, queue, status) => {
    await using parts = new AsyncDisposableStack();
    const bus = parts.adopt(busOf(user), (it) => it.close());
    const consumers: [] = [];
    const endpoint = startReceiveEndpoint({ bus, queue, consumers, log, metrics: createMetrics('test') });
    parts.defer(() => endpoint.stop());
    await eventually(() => (endpoint.state.status === status ? undefined : endpoint.state.detail));
  });

  it('parks what nobody understands, with the rights of the consumer alone', async () => {
    const skipped = `${queues.notificationUserInteraction}_skipped`;
    const before = await ready(skipped);
    await using parts = new AsyncDisposableStack();
    const publisher = parts.adopt(busOf('publisher'), (it) => it.close());
    await publisher.publish(message(exchanges.userInteraction));
    const bus = parts.adopt(busOf('notification'), (it) => it.close());
    const queue = queues.notificationUserInteraction;
    const endpoint = startReceiveEndpoint({ bus, queue, consumers: [], log, metrics: createMetrics('test') });
    parts.defer(() => endpoint.stop());
    await eventually(async () => {
      const errors = await ready(`${queue}_error`);
      return (await ready(skipped)) > before || errors > 0 ? undefined : 'nothing was parked';
    });
  });

  it('are the same at each start, and hold no password', () => {
    const text = JSON.stringify(rabbitmqDefinitions(passwords));
    expect(JSON.stringify(rabbitmqDefinitions(passwords))).toBe(text);
    for (const password of Object.values(passwords)) expect(text).not.toContain(password);
  });
});
