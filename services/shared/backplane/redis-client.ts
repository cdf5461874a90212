import { Redis } from 'ioredis';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';

export type RedisClientOptions = {
  /** `redis://` or `rediss://`, with ACL user and password where needed. */
  readonly url: string;
  /** For logs: what this connection is for. */
  readonly purpose: string;
  /** A command without an answer for so long has failed. */
  readonly commandTimeoutMs: number;
  readonly log: Logger;
};

/** One connection that comes back by itself for ever, looks its host up anew each time, and keeps nothing for later. */
export function openRedisClient({ url, purpose, commandTimeoutMs, log }: RedisClientOptions): Redis {
  const client = new Redis(url, {
    retryStrategy: (attempt) => backoffMs(attempt - 1, { baseMs: 100, capMs: 3_000 }),
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // INFO may be denied to an ACL user; the canary tells whether the server serves.
    enableReadyCheck: false,
    connectTimeout: 5_000,
    commandTimeout: commandTimeoutMs,
    disconnectTimeout: 500,
  });
  let reported: string | undefined;
  client.on('ready', () => {
    reported = undefined;
  });
  client.on('error', (error: Error & { code?: string }) => {
    const reason = error.code ?? error.message;
    if (reason === reported) return;
    reported = reason;
    // Not the error itself: it carries the command with its arguments, AUTH included.
    log.warn({ purpose, reason }, 'redis connection failed, trying again');
  });
  return client;
}

/** Gives a connection up that may never answer again; a new one is made at once. */
export function replaceConnection(client: Redis): void {
  if (client.status === 'ready' || client.status === 'connect') client.disconnect(true);
}

/**
 * Whoever is back brings the others back at once. Each waits for itself after a failure, by chance up to seconds longer, and
 * a connection that publishes beside one that does not listen yet looks as if Redis had forgotten us alone.
 */
export function comeBackTogether(clients: readonly Redis[]): void {
  for (const client of clients) {
    client.on('ready', () => {
      for (const other of clients) if (other.status === 'reconnecting') other.connect().catch(() => {});
    });
  }
}
