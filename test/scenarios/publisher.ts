import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';

/** The envelope exactly as MassTransit 8.5 writes a `UserInteractionEvent`: written out, so that our codec is not its own judge. */
export function likeEnvelope({
  from = 'bob',
  to = 'alice',
  post = 'post-1',
  messageId = randomUUID(),
  avatar = 'https://example.invalid/a.png',
}: {
  from?: string;
  to?: string | null;
  post?: string;
  messageId?: string;
  avatar?: string;
} = {}): Buffer {
  return Buffer.from(
    JSON.stringify(
      {
        messageId,
        requestId: null,
        correlationId: null,
        conversationId: randomUUID(),
        initiatorId: null,
        sourceAddress: 'rabbitmq://rabbitmq/a1b2c3_SonixyPostService_bus_m9qyyynnpayb3rk1bdc4gy3wyc?temporary=true',
        destinationAddress: 'rabbitmq://rabbitmq/Sonixy.Shared.Events:UserInteractionEvent',
        responseAddress: null,
        faultAddress: null,
        messageType: ['urn:message:Sonixy.Shared.Events:UserInteractionEvent'],
        message: {
          userId: from,
          targetId: post,
          targetType: 0,
          actionType: 2,
          durationMs: 0,
          timestamp: '2025-12-27T10:00:00.1234567Z',
          actorName: from,
          actorAvatar: avatar,
          targetUserId: to,
        },
        expirationTime: null,
        sentTime: '2025-12-27T10:00:00.1301234Z',
        headers: {},
        host: {
          machineName: 'a1b2c3',
          processName: 'Sonixy.PostService',
          processId: 1,
          assembly: 'Sonixy.PostService',
          assemblyVersion: '1.0.0.0',
          frameworkVersion: '10.0.3',
          massTransitVersion: '8.5.7.0',
          operatingSystemVersion: 'Unix 5.15.153.1',
        },
      },
      null,
      2,
    ),
  );
}

export const userInteractionExchange = 'Sonixy.Shared.Events:UserInteractionEvent';

/** A publisher as MassTransit's: declares the message exchange, publishes persistent with confirms. Reconnects for ever. */
export type Publisher = AsyncDisposable & {
  /** Resolves when the broker confirmed; published again after a loss of the connection, so perhaps twice. */
  publish(body: Buffer, contentType?: string): Promise<void>;
};

export async function publisherTo(url: string): Promise<Publisher> {
  let closed = false;
  let channel: ReturnType<typeof open> | undefined;

  async function open() {
    const connection = await connect(url);
    const waiting = new Set<(error: Error) => void>();
    connection.on('error', () => undefined);
    connection.once('close', () => {
      channel = undefined;
      for (const reject of waiting) reject(new Error('the connection closed'));
    });
    const confirmed = await connection.createConfirmChannel();
    confirmed.on('error', () => undefined);
    await confirmed.assertExchange(userInteractionExchange, 'fanout', { durable: true });
    return { connection, confirmed, waiting };
  }

  async function once(body: Buffer, contentType: string): Promise<void> {
    channel ??= open();
    const { confirmed, waiting } = await channel;
    await new Promise<void>((resolve, reject) => {
      waiting.add(reject);
      confirmed.publish(userInteractionExchange, '', body, { contentType, persistent: true }, (error) => {
        waiting.delete(reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  return {
    async publish(body, contentType = 'application/vnd.masstransit+json') {
      for (;;) {
        try {
          return await once(body, contentType);
        } catch (error) {
          channel = undefined;
          if (closed) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const last = await channel?.catch(() => undefined);
      await last?.connection.close().catch(() => undefined);
    },
  };
}
