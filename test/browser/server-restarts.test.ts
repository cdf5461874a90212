import { expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { hasBadge, hasRows, isConnected, isLoaded, rowsOf } from './looked-at.ts';
import { startStandalonePage, type Tab } from './standalone-page.ts';

describeWithServer('chromium', 'the server restarts', () => {
  it('after SIGKILL: the page comes back by itself, the data are still there, and a like arrives again', async () => {
    await using platform = await startStandalonePage();
    const alice = await platform.open('alice');
    await isConnected(alice);
    await isLoaded(alice);
    await platform.act('bob', 'alice');
    await platform.act('carol', 'alice', 'Comment');
    await hasBadge(alice, '2', '2 unread');
    await alice.getByRole('button', { name: 'Mark as read: Bob Brandt liked your post' }).click();
    await hasBadge(alice, '1', '1 unread');

    await platform.service.kill();
    await alice.getByRole('button', { name: 'Reconnecting' }).waitFor();
    await hasRows(alice, 2);
    await platform.service.restart();
    await isConnected(alice);
    await platform.act('dave', 'alice');
    await alice.locator('.toast', { hasText: 'Dave Dubois liked your post' }).waitFor();
    await hasBadge(alice, '2', '2 unread');

    await alice.reload();
    await hasRows(alice, 3);
    expect(await rowsOf(alice)).toEqual([
      'Unread: Dave Dubois liked your post',
      'Unread: Carol Castillo commented on your post',
      'Bob Brandt liked your post',
    ]);
    await hasBadge(alice, '2', '2 unread');
    expect(withoutNetworkErrors(alice)).toEqual([]);
  });

  it('after SIGTERM, which drains: what came while the tab was away is filled in, and told in one toast', async () => {
    await using platform = await startStandalonePage();
    const alice = await platform.open('alice');
    await isConnected(alice);
    await isLoaded(alice);
    // The tab stays away until the five have come.
    await alice.route('**/hubs/**', (route) => route.abort());
    await platform.service.stop();
    await alice.getByRole('button', { name: 'Reconnecting' }).waitFor();
    await platform.service.restart();
    for (const from of ['bob', 'carol', 'dave', 'erin', 'bob']) await platform.act(from, 'alice', 'Comment');
    await alice.unroute('**/hubs/**');
    await alice.getByRole('button', { name: 'Reconnecting' }).click();
    await alice.getByRole('button', { name: 'Try now' }).click();
    await isConnected(alice);
    await hasBadge(alice, '5', '5 unread');
    await hasRows(alice, 5);
    await alice.locator('.toast', { hasText: '5 new notifications while you were away' }).waitFor();
    expect(await alice.locator('.toast').count()).toBe(1);
    expect(withoutNetworkErrors(alice)).toEqual([]);
  });

  it('and while it is away an action says so, and changes nothing', async () => {
    await using platform = await startStandalonePage();
    await platform.act('bob', 'alice');
    const alice = await platform.open('alice');
    await hasRows(alice, 1);
    await platform.service.kill();
    await alice.getByRole('button', { name: 'Mark all read' }).click();
    await alice
      .getByRole('alert')
      .filter({ hasText: 'Marking all as read failed: the server cannot be reached' })
      .waitFor();
    await hasBadge(alice, '1', '1 unread');
    expect(withoutNetworkErrors(alice)).toEqual([]);
  });
});

/** The browser itself writes of each connection that a dead server refuses. */
function withoutNetworkErrors(tab: Tab): string[] {
  return tab.complaints.filter((text) => !/^(Failed to load resource: net::ERR_|WebSocket connection to )/.test(text));
}
