import { connect } from 'amqplib';
import { likeEnvelope } from '#test/scenarios/publisher.ts';

export type Filler = AsyncDisposable & {
  /** Publishes `count` likes straight into `queue` and resolves when all are confirmed; `users`: 0 for no recipient. */
  fill(queue: string, count: number, users: number): Promise<void>;
};

const confirmEvery = 1_000;

export async function queueFiller(amqpUrl: string): Promise<Filler> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createConfirmChannel();
  return {
    async fill(queue, count, users) {
      for (let index = 0; index < count; index += 1) {
        const to = users === 0 ? null : `user-${index % users}`;
        const body = likeEnvelope({ to, post: `post-${index}` });
        channel.sendToQueue(queue, body, { persistent: true, contentType: 'application/vnd.masstransit+json' });
        if (index % confirmEvery === 0) await channel.waitForConfirms();
      }
      await channel.waitForConfirms();
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
