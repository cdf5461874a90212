import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import { toUserInteractionPayload } from '#shared/contract/user-interaction-event.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { hasBadge, hasRows, isConnected, isLoaded, rowsOf } from './looked-at.ts';
import { startStandalonePage } from './standalone-page.ts';

const hostileName = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

describeWithServer(['chromium', 'rabbitmq'], 'the page beside a real broker', () => {
  it('takes a pasted token, and shows what .NET publishes as text only', async () => {
    await using broker = await startRabbitMq();
    await using platform = await startStandalonePage({ AMQP_URL: broker.url });
    const secret = await readFile(join(platform.dataDir, 'keys', 'jwt-hs256'), 'utf8');
    const token = (lifetimeSeconds: number) =>
      issueToken({ secret, issuer: 'Sonixy.IdentityService', audience: 'Sonixy.Client', user: 'zoë', lifetimeSeconds });

    const zoe = await platform.open();
    const field = zoe.getByLabel('Access token');
    const signIn = zoe.getByRole('button', { name: 'Sign in' });
    await field.fill('nonsense');
    await signIn.click();
    await zoe.getByRole('alert').filter({ hasText: 'That is no token' }).waitFor();
    await field.fill(await token(-10));
    await signIn.click();
    await zoe.getByText('You were signed out').waitFor();

    await field.fill(await token(300));
    await signIn.click();
    await isConnected(zoe);
    await isLoaded(zoe);
    await eventually(async () => {
      const { parts } = (await (await fetch(`${platform.opsUrl}/readyz`)).json()) as { parts: Record<string, unknown> };
      return JSON.stringify(parts['bus']).includes('"ready":true') ? undefined : JSON.stringify(parts['bus']);
    });
    await using bus = Object.assign(
      connectAmqpBus({ url: broker.url, log: createLogger({ name: 'test', level: 'silent' }) }),
      {
        [Symbol.asyncDispose]: () => bus.close(),
      },
    );
    const publisher = createEventPublisher({ bus });
    for (const actorAvatar of [
      'javascript:document.title=3',
      'data:image/svg+xml,<svg onload="document.title=4"/>',
      null,
    ]) {
      const event = {
        userId: 'eve' as UserId,
        targetId: '"><b>',
        targetType: 'Post',
        actionType: 'Like',
        actorName: hostileName,
      } as const;
      const payload = toUserInteractionPayload({ ...event, actorAvatar, targetUserId: 'zoë' as UserId }, new Date());
      await publisher.publish({
        exchange: exchanges.userInteraction,
        messageUrn: messageUrns.userInteraction,
        payload,
      });
    }
    await hasBadge(zoe, '3', '3 unread');
    await hasRows(zoe, 3);
    for (const text of await rowsOf(zoe)) expect(text).toContain(hostileName);
    expect(await zoe.locator('#page img, #page script, #page b').count()).toBe(0);
    expect(await zoe.title()).toBe('(3) zoë · Sonixy Realtime');

    await zoe.reload();
    await hasRows(zoe, 3);
    expect(zoe.url()).not.toContain(await token(300).then((text) => text.split('.')[0] ?? ''));
    await zoe.getByRole('button', { name: 'Sign out zoë' }).click();
    await field.waitFor();
    await zoe.reload();
    await field.waitFor();
    const unexpected = zoe.complaints.filter(
      (text) => !text.includes('status of 401') && !text.includes('status of 404'),
    );
    expect(unexpected).toEqual([]);
  });
});
