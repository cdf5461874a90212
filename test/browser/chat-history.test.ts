import { expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { deviceOf, messageOf, openChat, textsOf, write } from './chat-looked-at.ts';
import { isConnected } from './looked-at.ts';
import { startStandalonePage, type Tab } from './standalone-page.ts';

const count = 130;
const text = (number: number) => `line ${String(number).padStart(3, '0')}`;

/** Where a message stands on the screen. */
const topOf = (tab: Tab, content: string) =>
  messageOf(tab, content).evaluate((element) => Math.round(element.getBoundingClientRect().top));

const scrollBy = (tab: Tab, px: number) => tab.locator('.log-box').evaluate((box, by) => box.scrollBy(0, by), px);

const hasCount = (tab: Tab, wanted: number) =>
  eventually(async () => {
    const shown = (await textsOf(tab)).length;
    return shown === wanted ? undefined : `${shown} instead of ${wanted}`;
  });

describeWithServer('chromium', 'a long conversation', () => {
  it('loads older pages on the way up, keeps what is read in its place, and tells of what is new below', async () => {
    await using platform = await startStandalonePage();
    const bob = await deviceOf(platform, 'bob');
    const { id } = await bob.api.createConversation({ kind: 'private', with: 'alice' });
    for (let number = 1; number <= count; number += 1) await bob.say(id, text(number));
    const alice = await openChat(platform, 'alice', { conversation: id });
    await isConnected(alice);
    await hasCount(alice, 50);
    expect(
      await messageOf(alice, text(count)).evaluate((element) => element.getBoundingClientRect().bottom),
    ).toBeLessThan(740);

    // The page is held back until the place of a message has been noted.
    let letThrough: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    await alice.route('**/messages?limit=50&before=*', async (route) => {
      await held;
      await route.continue();
    });
    await alice.locator('.log-box').evaluate((box) => box.scrollTo(0, 120));
    await alice.getByRole('button', { name: 'Loading…' }).waitFor();
    const before = await topOf(alice, text(84));
    letThrough();
    await hasCount(alice, 100);
    expect(Math.abs((await topOf(alice, text(84))) - before)).toBeLessThanOrEqual(2);
    await alice.getByRole('button', { name: 'Older messages' }).click();
    await hasCount(alice, count);
    expect(await textsOf(alice)).toEqual(Array.from({ length: count }, (_, index) => text(index + 1)));
    expect(await alice.getByRole('button', { name: 'Older messages' }).count()).toBe(0);

    // Somebody writes while alice reads above: nothing moves, and a button says so.
    await scrollBy(alice, 300);
    const [shown] = await alice.locator('.message').evaluateAll((rows) =>
      rows
        .filter((row) => row.getBoundingClientRect().top > 200)
        .slice(0, 1)
        .map((row) => row.querySelector('.message-text')?.textContent ?? ''),
    );
    const place = await topOf(alice, shown ?? '');
    const edited = (await bob.api.messages(id, { before: 10, limit: 1 }))[0]?.id ?? '';
    await bob.api.edit(edited, 'now\nof\nfour\nlines');
    await bob.say(id, 'the newest');
    await alice.getByRole('button', { name: 'New messages' }).waitFor();
    await messageOf(alice, 'now').waitFor();
    expect(Math.abs((await topOf(alice, shown ?? '')) - place)).toBeLessThanOrEqual(2);
    await alice.getByRole('button', { name: 'New messages' }).click();
    await eventually(async () => ((await topOf(alice, 'the newest')) < 740 ? undefined : 'out of sight'));
    expect(await alice.getByRole('button', { name: /messages$/ }).count()).toBe(0);

    // Whoever writes is taken to what he wrote.
    await scrollBy(alice, -2_000);
    await alice.getByRole('button', { name: 'Latest messages' }).waitFor();
    await write(alice, 'mine');
    await eventually(async () => ((await topOf(alice, 'mine')) < 740 ? undefined : 'out of sight'));
    expect(alice.complaints).toEqual([]);
  }, 180_000);
});
