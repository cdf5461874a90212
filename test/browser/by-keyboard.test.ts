import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { focused, tabTo } from './keyboard.ts';
import { hasBadge, hasRows, isConnected, isLoaded } from './looked-at.ts';
import { type StandalonePage, startStandalonePage } from './standalone-page.ts';

describeWithServer('chromium', 'by keyboard alone', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it('a person signs in, likes, reads, archives, deletes and signs out', async () => {
    for (const from of ['bob', 'carol', 'dave']) await platform.act(from, 'alice');
    const alice = await platform.open();
    await alice.getByRole('heading', { name: 'Who are you today?' }).waitFor();
    await tabTo(alice, /Alice Aalto/);
    await alice.keyboard.press('Enter');
    await isConnected(alice);
    await hasRows(alice, 3);

    await tabTo(alice, /^Skip to posts$/);
    await alice.keyboard.press('Enter');
    await tabTo(alice, /^Like the post of Bob Brandt$/);
    await alice.keyboard.press('Space');
    await eventually(async () =>
      (await alice.getByRole('button', { name: 'Like the post of Bob Brandt' }).getAttribute('aria-pressed')) === 'true'
        ? undefined
        : 'not liked',
    );

    await tabTo(alice, /^Mark as read: Dave Dubois/);
    await alice.keyboard.press('Enter');
    await hasBadge(alice, '2', '2 unread');
    expect(await focused(alice)).toMatch(/^Archive: Dave Dubois/);
    await alice.keyboard.press('Enter');
    await hasRows(alice, 2);
    expect(await focused(alice)).toMatch(/Carol Castillo/);
    await tabTo(alice, /^Delete: Carol Castillo/);
    await alice.keyboard.press('Enter');
    await hasRows(alice, 1);
    expect(await focused(alice)).toMatch(/Bob Brandt/);

    await tabTo(alice, /^Mark all read$/, 'Shift+Tab');
    await alice.keyboard.press('Enter');
    await hasBadge(alice, '', 'all read');
    expect(await focused(alice)).toBe('Notifications');

    await alice.keyboard.press('Escape');
    expect(await focused(alice)).toBe('Notifications, all read');
    expect(await alice.locator('#notifications').count()).toBe(0);
    await tabTo(alice, /^Sign out Alice Aalto$/);
    await alice.keyboard.press('Enter');
    await alice.getByRole('heading', { name: 'Who are you today?' }).waitFor();
    expect(alice.complaints).toEqual([]);
  });

  it('the transport menu opens, is walked with arrows, and Escape gives the focus back', async () => {
    const bob = await platform.open('bob');
    await isConnected(bob);
    await tabTo(bob, /^Connected · SignalR · WebSocket$/);
    await bob.keyboard.press('Enter');
    await tabTo(bob, /^SignalR WebSocket$/);
    await bob.keyboard.press('ArrowDown');
    await isConnected(bob, 'SignalR · server-sent events');
    expect(await focused(bob)).toBe('SignalR server-sent events');
    await bob.keyboard.press('Escape');
    expect(await bob.locator('#connection-menu').count()).toBe(0);
    expect(await focused(bob)).toMatch(/^Connected/);
  });

  it('on a phone the list takes the focus when it opens, keeps it, and gives it back', async () => {
    await platform.act('bob', 'carol');
    const carol = await platform.open('carol', { viewport: { width: 375, height: 740 } });
    await isConnected(carol);
    await hasBadge(carol, '1');
    expect(await carol.locator('#notifications').count()).toBe(0);
    await tabTo(carol, /^Notifications, 1 unread$/);
    await carol.keyboard.press('Enter');
    await isLoaded(carol);
    expect(await focused(carol)).toBe('Notifications');
    for (let presses = 0; presses < 30; presses += 1) {
      await carol.keyboard.press('Tab');
      expect(await carol.evaluate(() => document.activeElement?.closest('main') === null)).toBe(true);
    }
    await carol.getByRole('heading', { name: 'Notifications' }).focus();
    await carol.keyboard.press('Escape');
    expect(await focused(carol)).toBe('Notifications, 1 unread');
  });
});
