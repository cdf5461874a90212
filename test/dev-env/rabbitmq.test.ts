import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { startRabbitMq } from './rabbitmq.ts';
import { describeWithServer } from './with-server.ts';

describeWithServer('rabbitmq', 'startRabbitMq', () => {
  test('keeps a confirmed message over a kill, on the same port', async () => {
    await using server = await startRabbitMq();
    const { url, pid } = server;
    const connection = await connect(url);
    connection.on('error', () => undefined);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue('kept', { durable: true });
    channel.sendToQueue('kept', Buffer.from('here'), { persistent: true });
    await channel.waitForConfirms();
    expect(await server.ctl('list_queues', '--no-table-headers', 'name', 'messages')).toBe('kept\t1\n');

    await server.kill();
    await expect(connect(url)).rejects.toThrow('ECONNREFUSED');

    await server.restart();
    expect(server.pid).not.toBe(pid);
    const again = await connect(url);
    const message = await (await again.createChannel()).get('kept');
    expect(message === false ? undefined : message.content.toString()).toBe('here');
    await again.close();
  });
});
