import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { eventually } from '#test/eventually.ts';
import type { Client } from './clients.ts';
import type { Platform } from './platform.ts';

/** Waits until every client was shown exactly `posts`, each once and in this order. */
export async function shownOnceInOrder(clients: readonly Client[], posts: readonly string[], timeoutMs = 30_000) {
  const expected = posts.join();
  await eventually(
    () => {
      for (const { name, received } of clients) {
        const shown = received.map(({ entityId }) => entityId).join();
        if (shown !== expected) return `${name} was shown [${shown}] instead of [${expected}]`;
      }
      return undefined;
    },
    { timeoutMs },
  );
}

/** The rule for a client that may have missed some while it was away: what it was shown is in order and never twice. */
export function assertOnceInOrder({ name, received }: Client): void {
  for (let index = 1; index < received.length; index += 1) {
    const [before, after] = [received[index - 1], received[index]] as [NotificationDto, NotificationDto];
    if (after.number <= before.number) throw new Error(`${name} was shown ${before.number}, then ${after.number}`);
  }
}

/** Waits until the store holds exactly these posts, each once. */
export async function storedOnce(platform: Platform, user: string, posts: readonly string[], timeoutMs = 60_000) {
  const expected = [...posts].sort();
  await eventually(
    async () => {
      const stored = (await platform.history(user)).map(({ entityId }) => entityId).sort();
      const lost = expected.filter((post) => !stored.includes(post));
      if (lost.length > 0) return `${lost.length} of ${expected.length} are not stored: ${lost.slice(0, 5)}`;
      if (stored.length > expected.length) return `stored ${stored.length} instead of ${expected.length}`;
      return undefined;
    },
    { timeoutMs, everyMs: 200 },
  );
}

/** All hubs can place their streams: an event that is acknowledged from now on must be shown. */
export async function ready(platform: Platform): Promise<void> {
  for (const replica of [...platform.notifications, ...platform.hubs]) {
    await eventually(async () => {
      const response = await fetch(`${replica.opsUrl}/readyz`);
      return response.ok ? undefined : `${replica.opsUrl} is not ready: ${await response.text()}`;
    });
  }
}
