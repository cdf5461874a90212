import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { hasBadge, hasRows, isConnected, isLoaded, rowsOf } from './looked-at.ts';
import { type StandalonePage, startStandalonePage } from './standalone-page.ts';

describeWithServer('chromium', 'a like in the browser', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it('shows alice a toast and a badge at once when bob likes her post', async () => {
    const alice = await platform.open();
    await alice.getByRole('button', { name: 'Alice Aalto' }).click();
    const bob = await platform.open();
    await bob.getByRole('button', { name: 'Bob Brandt' }).click();
    await isConnected(alice);
    await isLoaded(alice);
    await hasBadge(alice, '', 'all read');

    const like = bob.getByRole('button', { name: 'Like the post of Alice Aalto' });
    await like.click();
    await alice.locator('.toast', { hasText: 'Bob Brandt liked your post' }).waitFor();
    await hasBadge(alice, '1', '1 unread');
    await hasRows(alice, 1);
    expect(await rowsOf(alice)).toEqual(['Unread: Bob Brandt liked your post']);
    expect(await alice.title()).toBe('(1) Alice Aalto · Sonixy Realtime');
    expect(await like.getAttribute('aria-pressed')).toBe('true');

    await bob.getByRole('button', { name: 'Comment on the post of Alice Aalto' }).click();
    await bob.getByRole('button', { name: 'Reply to the comment of Alice Aalto' }).click();
    await hasBadge(alice, '3', '3 unread');
    expect((await rowsOf(alice)).slice().sort()).toEqual([
      'Unread: Bob Brandt commented on your post',
      'Unread: Bob Brandt liked your post',
      'Unread: Bob Brandt replied to your comment',
    ]);
    await hasBadge(bob, '', 'all read');
    expect([...alice.complaints, ...bob.complaints]).toEqual([]);
  });

  it('says nothing to anybody when a like is taken back', async () => {
    const dave = await platform.open('dave');
    const erin = await platform.open('erin');
    await isConnected(dave);
    const like = erin.getByRole('button', { name: 'Like the post of Dave Dubois' });
    await like.click();
    await hasBadge(dave, '1');
    await like.click();
    expect(await like.getAttribute('aria-pressed')).toBe('false');
    await erin.getByRole('button', { name: 'Comment on the post of Dave Dubois' }).click();
    await hasBadge(dave, '2');
    await hasRows(dave, 2);
  });

  describe.each([
    ['signalr-websocket', 'SignalR · WebSocket'],
    ['signalr-sse', 'SignalR · server-sent events'],
    ['signalr-polling', 'SignalR · long polling'],
    ['socket-io', 'socket.io · WebSocket'],
  ])('over %s', (transport, name) => {
    it('arrives too, and changes from another tab as well', async () => {
      const carol = await platform.open('carol', { transport });
      await isConnected(carol, name);
      await isLoaded(carol);
      const before = (await rowsOf(carol)).length;
      await platform.act('bob', 'carol');
      await carol.locator('.toast', { hasText: 'Bob Brandt liked your post' }).waitFor();
      await hasRows(carol, before + 1);

      const other = await platform.open('carol');
      await isLoaded(other);
      await other.getByRole('button', { name: 'Mark all read' }).click();
      await hasBadge(carol, '', 'all read');
      expect(carol.complaints).toEqual([]);
      await carol.context().close();
      await other.context().close();
    });
  });

  it('goes on after the transport was changed in the menu', async () => {
    const bob = await platform.open('bob');
    await isConnected(bob);
    await bob.getByRole('button', { name: 'Connected' }).click();
    await bob.getByRole('radio', { name: /socket\.io/ }).check();
    await isConnected(bob, 'socket.io · WebSocket');
    await isLoaded(bob);
    await platform.act('alice', 'bob');
    await bob.locator('.toast', { hasText: 'Alice Aalto liked your post' }).waitFor();
    await bob.reload();
    await isConnected(bob, 'socket.io · WebSocket');
    expect(bob.complaints).toEqual([]);
  });
});
