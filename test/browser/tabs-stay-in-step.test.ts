import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { hasBadge, hasRows, isConnected, isLoaded, rowsOf } from './looked-at.ts';
import { openBeside, type StandalonePage, startStandalonePage } from './standalone-page.ts';

describeWithServer('chromium', 'two tabs of one person', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it('stay in step, and a reload shows the same', async () => {
    for (const from of ['bob', 'carol', 'dave', 'erin']) await platform.act(from, 'alice');
    const left = await platform.open('alice');
    const right = await openBeside(left);
    for (const tab of [left, right]) {
      await isConnected(tab);
      await hasRows(tab, 4);
      await hasBadge(tab, '4', '4 unread');
    }

    await left.getByRole('button', { name: 'Mark as read: Erin Eze liked your post' }).click();
    for (const tab of [left, right]) await hasBadge(tab, '3', '3 unread');

    await right.getByRole('button', { name: 'Archive: Dave Dubois liked your post' }).click();
    for (const tab of [left, right]) await hasRows(tab, 3);
    await left.getByRole('button', { name: 'Delete: Carol Castillo liked your post' }).click();
    for (const tab of [left, right]) {
      await hasRows(tab, 2);
      await hasBadge(tab, '1', '1 unread');
    }

    await left.getByRole('radio', { name: 'Archived' }).check();
    await hasRows(left, 1);
    await left.getByRole('button', { name: 'Move back: Dave Dubois liked your post' }).click();
    for (const tab of [left, right]) await hasBadge(tab, '2', '2 unread');
    await hasRows(right, 3);

    await platform.act('carol', 'alice', 'Comment');
    await right.getByRole('button', { name: 'Mark all read' }).click();
    for (const tab of [left, right]) await hasBadge(tab, '', 'all read');

    await right.reload();
    await hasRows(right, 4);
    await hasBadge(right, '', 'all read');
    expect(await rowsOf(right)).toEqual([
      'Carol Castillo commented on your post',
      'Erin Eze liked your post',
      'Dave Dubois liked your post',
      'Bob Brandt liked your post',
    ]);
    expect([...left.complaints, ...right.complaints]).toEqual([]);
  });

  it('show a long history page by page, and who did the same together', async () => {
    for (let round = 0; round < 15; round += 1) {
      for (const from of ['alice', 'carol', 'dave']) await platform.act(from, 'bob');
    }
    const bob = await platform.open('bob');
    await isLoaded(bob);
    await hasBadge(bob, '45', '45 unread');
    await hasRows(bob, 20);
    await bob.getByRole('button', { name: 'Load more' }).click();
    await hasRows(bob, 40);
    await platform.act('erin', 'bob');
    await hasRows(bob, 41);
    await bob.getByRole('button', { name: 'Load more' }).click();
    await hasRows(bob, 46);
    expect(await bob.getByRole('button', { name: 'Load more' }).count()).toBe(0);

    await bob.getByRole('radio', { name: 'Grouped' }).check();
    await hasRows(bob, 1);
    expect(await rowsOf(bob)).toEqual(['46 unread: Erin Eze and 3 others liked your post']);
    await platform.act('alice', 'bob', 'Comment');
    await hasRows(bob, 2);
    expect((await rowsOf(bob))[0]).toBe('1 unread: Alice Aalto commented on your post');
    expect(bob.complaints).toEqual([]);
  });

  it('count no further than 99 on the badge', async () => {
    for (let round = 0; round < 100; round += 1) await platform.act('bob', 'dave');
    const dave = await platform.open('dave');
    await hasBadge(dave, '99+', '100 unread');
    await isLoaded(dave);
    await dave.getByRole('button', { name: 'Mark as read' }).first().click();
    await hasBadge(dave, '99', '99 unread');
  });
});
