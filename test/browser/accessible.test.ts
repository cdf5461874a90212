import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { faultsOf } from './faults.ts';
import { isConnected, isLoaded } from './looked-at.ts';
import { type StandalonePage, startStandalonePage } from './standalone-page.ts';

const overflows = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

describeWithServer('chromium', 'the page is for everybody', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
    for (const user of ['alice', 'carol']) {
      for (const from of ['bob', 'erin']) await platform.act(from, user);
    }
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it.each([
    ['light', 'alice'],
    ['dark', 'carol'],
  ] as const)('%s: texts stand out, all controls have names, nothing is twice', async (colorScheme, user) => {
    const door = await platform.open(undefined, { colorScheme });
    await door.getByRole('heading', { name: 'Who are you today?' }).waitFor();
    expect(await faultsOf(door)).toEqual([]);

    for (const action of ['Like', 'Comment'] as const) await platform.act('bob', user, action);
    const tab = await platform.open(user, { colorScheme });
    await isConnected(tab);
    await tab.getByRole('button', { name: 'Mark as read: Bob Brandt commented on your post' }).click();
    await tab.getByRole('button', { name: 'Connected' }).click();
    await tab.getByRole('radio', { name: /server-sent/ }).waitFor();
    expect(await faultsOf(tab)).toEqual([]);
    await tab.keyboard.press('Escape');

    await platform.act('dave', user);
    await tab.locator('.toast').waitFor();
    await tab.getByRole('button', { name: 'Like the post of Bob Brandt' }).click();
    await tab.getByRole('radio', { name: 'Grouped' }).check();
    await tab.locator('.row', { hasText: 'Dave Dubois and' }).waitFor();
    expect(await faultsOf(tab)).toEqual([]);
  });

  it.each([320, 375, 390, 768, 1280])('at %i pixels nothing is cut off sideways', async (width) => {
    const alice = await platform.open('alice', { viewport: { width, height: 740 } });
    await isConnected(alice);
    expect(await overflows(alice)).toBe(false);
    if (width < 960) await alice.locator('.bell').click();
    await isLoaded(alice);
    expect(await overflows(alice)).toBe(false);
    const beyond = await alice
      .locator('.top > *, .panel *')
      .evaluateAll((elements) =>
        elements
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.outerHTML.slice(0, 80)),
      );
    expect(beyond).toEqual([]);
    await alice.context().close();
  });

  it('a screen reader hears of a new one once, from a polite region that was there before', async () => {
    const alice = await platform.open('alice');
    await isConnected(alice);
    await isLoaded(alice);
    const region = alice.getByRole('region', { name: 'New notifications' }).getByRole('status');
    expect(await region.getAttribute('aria-live')).toBe('polite');
    expect((await region.innerText()).trim()).toBe('');
    await platform.act('bob', 'alice', 'Reply');
    await alice.getByText('Bob Brandt replied to your comment').first().waitFor();
    expect((await region.innerText()).match(/Bob Brandt replied to your comment/g)).toHaveLength(1);
    await alice.getByRole('banner').waitFor();
    await alice.getByRole('main').waitFor();
    await alice.getByRole('region', { name: 'Notifications', exact: true }).waitFor();
  });

  it('nothing moves for whoever wants less motion', async () => {
    const alice = await platform.open('alice', { reducedMotion: 'reduce' });
    await isConnected(alice);
    await isLoaded(alice);
    await platform.act('bob', 'alice');
    await alice.locator('.toast').waitFor();
    expect(await alice.evaluate(() => document.getAnimations().length)).toBe(0);
  });

  it('the colours follow the system until somebody chooses', async () => {
    const alice = await platform.open('alice', { colorScheme: 'dark' });
    const paper = () => alice.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await isConnected(alice);
    const dark = await paper();
    await alice.getByRole('button', { name: /^Colours: as the system/ }).click();
    expect(await paper()).not.toBe(dark);
    await alice.reload();
    await alice.getByRole('button', { name: /^Colours: light/ }).waitFor();
    expect(await paper()).not.toBe(dark);
  });
});
