import { expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type Client, signalRClient, socketIoClient } from './clients.ts';
import { shownOnceInOrder, storedOnce } from './expectations.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'servers die and heal', () => {
  const used = usePlatform();

  it.each(['redis', 'mongo', 'rabbitmq'] as const)(
    '%s is killed during traffic: nothing acknowledged is lost, connected clients have each row once and in order',
    async (victim) => {
      const user = `user-of-${victim}`;
      const token = await used.platform.token(user);
      await using stack = new AsyncDisposableStack();
      const clients: Client[] = [];
      for (const [index, hub] of used.platform.hubs.entries()) {
        clients.push(stack.use(await signalRClient(10, hub.url, token)));
        clients.push(stack.use(await socketIoClient(hub.url, token, index === 0 ? ['websocket'] : ['polling'])));
      }
      const acknowledged: string[] = [];
      let going = true;
      const traffic = (async () => {
        for (let index = 0; going; index += 1) {
          const post = `${victim}-${index}`;
          await used.publisher.publish(likeEnvelope({ to: user, post, messageId: messageIdOf(victim, index) }));
          acknowledged.push(post);
        }
      })();
      await atLeast(clients, 20);

      const server = used.platform[victim];
      await server.kill();
      await eventually(async () => {
        const reports = await Promise.all(
          [...used.platform.notifications, ...used.platform.hubs].map(async ({ opsUrl }) =>
            (await fetch(`${opsUrl}/readyz`)).text(),
          ),
        );
        return reports.some((report) => waitsFor(report)) ? undefined : `no /readyz names a dead server: ${reports[0]}`;
      });
      await server.restart();
      const healedAt = clients[0]?.received.length ?? 0;
      await atLeast(clients, healedAt + 20);
      going = false;
      await traffic;

      await storedOnce(used.platform, user, acknowledged);
      const order = (await used.platform.history(user)).map(({ entityId }) => entityId);
      await shownOnceInOrder(clients, order);
      expect(clients.map((client) => client.losses())).toEqual(clients.map(() => 0));
      await eventually(async () => {
        const answers = await Promise.all(
          [...used.platform.notifications, ...used.platform.hubs].map(({ opsUrl }) => fetch(`${opsUrl}/readyz`)),
        );
        return answers.every(({ status }) => status === 200) ? undefined : 'somebody is not ready again';
      });
    },
    240_000,
  );
});

/** Stable per event, so that a publish which the publisher repeats is the same event. */
function messageIdOf(victim: string, index: number): string {
  const digits = Buffer.from(victim).toString('hex').slice(0, 8).padEnd(8, '0');
  return `${digits}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
}

function waitsFor(report: string): boolean {
  const { parts } = JSON.parse(report) as { parts: Record<string, { ready: boolean }> };
  return Object.values(parts).some(({ ready }) => !ready);
}

async function atLeast(clients: readonly Client[], count: number): Promise<void> {
  await eventually(
    () => {
      const late = clients.find(({ received }) => received.length < count);
      return late ? `${late.name} was shown ${late.received.length} of ${count}` : undefined;
    },
    { timeoutMs: 90_000 },
  );
}
