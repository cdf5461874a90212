import { execFile } from 'node:child_process';
import { connect } from 'amqplib';
import { expect, it, vi } from 'vitest';
import { exchanges, queues } from '#shared/contract/names.ts';
import { errorQueueOf, skippedQueueOf } from '#shared/masstransit/topology.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';

vi.setConfig({ testTimeout: 600_000 });
const main = new URL('../main.ts', import.meta.url).pathname;

function declare(url: string) {
  const env = { AMQP_URL: url, AMQP_WAIT_SECONDS: '60' };
  return new Promise<{ code: number; stderr: string }>((resolve) => {
    execFile(process.execPath, [main, 'rabbitmq-topology'], { env }, (error, _, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr }),
    );
  });
}

describeWithServer('rabbitmq', 'rabbitmq-topology', () => {
  it('makes our queues on a broker that has none, keeps what lies in them, and says what it may not', async () => {
    await using broker = await startRabbitMq();
    expect(await declare(broker.url)).toEqual({ code: 0, stderr: '' });
    const connection = await connect(broker.url);
    const channel = await connection.createConfirmChannel();
    for (const queue of [queues.notificationUserInteraction, queues.hubMessages]) {
      for (const name of [queue, errorQueueOf(queue), skippedQueueOf(queue)]) await channel.checkQueue(name);
    }
    channel.publish(exchanges.userInteraction, '', Buffer.from('{}'));
    await channel.waitForConfirms();

    expect(await declare(broker.url)).toEqual({ code: 0, stderr: '' });
    expect((await channel.checkQueue(queues.notificationUserInteraction)).messageCount).toBe(1);
    await connection.close();

    await broker.ctl('add_user', 'reader', 'reader-password');
    await broker.ctl('set_permissions', 'reader', '^$', '^$', '.*');
    const { host } = new URL(broker.url);
    const { code, stderr } = await declare(`amqp://reader:reader-password@${host}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/RabbitMQ does not take the topology: .*ACCESS_REFUSED/i);
    expect(stderr).not.toContain('reader-password');
  });
});
