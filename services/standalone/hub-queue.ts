import { createHash } from 'node:crypto';
import { queues } from '#shared/contract/names.ts';
import type { StandaloneConfig } from './config.ts';
import { dataKey } from './data-keys.ts';

const expiresMs = 3_600_000;

/**
 * Where events of messages come from. Hubs share a queue because they share a backplane: with an embedded one beside a real
 * RabbitMQ this process has a queue of its own, or other hubs' clients would wait for what it took.
 */
export function hubQueue({ amqpUrl, redisUrl, dataDir }: Pick<StandaloneConfig, 'amqpUrl' | 'redisUrl' | 'dataDir'>): {
  readonly queue: string;
  readonly queueExpiresMs?: number;
} {
  if (amqpUrl === undefined || redisUrl !== undefined) return { queue: queues.hubMessages };
  const name = createHash('sha256').update(dataKey(dataDir, 'hub-queue')).digest('hex').slice(0, 12);
  return { queue: `${queues.hubMessages}-${name}`, queueExpiresMs: expiresMs };
}
