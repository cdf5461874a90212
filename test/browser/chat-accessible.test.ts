import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { allSent, deviceOf, messageOf, openChat, rowOf, write } from './chat-looked-at.ts';
import { faultsOf } from './faults.ts';
import { isConnected } from './looked-at.ts';
import { type StandalonePage, startStandalonePage } from './standalone-page.ts';

/** Processes that are killed and started again take their time on a busy machine. */
const restartsMs = 240_000;

/** What reaches beyond the right edge. */
const beyondEdge = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.top > *, .main *')]
      .filter((element) => element.checkVisibility() && getComputedStyle(element).clipPath === 'none')
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
      .map((element) => element.outerHTML.slice(0, 80)),
  );

describeWithServer('chromium', 'the chat is for everybody', () => {
  let platform: StandalonePage;
  let group: string;
  beforeAll(async () => {
    platform = await startStandalonePage();
    const [alice, bob] = [await deviceOf(platform, 'alice'), await deviceOf(platform, 'bob')];
    const made = await alice.api.createConversation({
      kind: 'group',
      with: ['bob', 'carol'],
      name: `A ${'very '.repeat(15)}long`,
    });
    group = made.id;
    await alice.say(group, `https://cdn.example/${'long'.repeat(60)}`, 'file');
    await alice.say(group, 'w'.repeat(400));
    await bob.say(group, 'short');
    const { id } = await bob.api.createConversation({ kind: 'private', with: 'alice' });
    await bob.say(id, 'not read yet');
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it.each(['light', 'dark'] as const)(
    '%s: texts stand out, all controls have names, nothing is twice',
    async (scheme) => {
      const alice = await openChat(platform, 'alice', { colorScheme: scheme });
      await isConnected(alice);
      await rowOf(alice, 'Bob Brandt').getByText('not read yet').waitFor();
      expect(await faultsOf(alice)).toEqual([]);
      await alice.getByRole('link', { name: 'New' }).click();
      await alice.getByRole('radio', { name: 'Group' }).check();
      await alice.getByRole('checkbox', { name: 'Bob Brandt' }).check();
      expect(await faultsOf(alice)).toEqual([]);
      await rowOf(alice, 'long').click();
      await messageOf(alice, 'short').waitFor();
      await messageOf(alice, 'www').getByRole('button', { name: /^Edit/ }).click();
      await messageOf(alice, 'short')
        .getByRole('button', { name: /^Delete/ })
        .click();
      await alice.getByRole('button', { name: 'People and name' }).click();
      await alice.getByRole('list', { name: 'People in this group' }).waitFor();
      expect(await faultsOf(alice)).toEqual([]);
      await alice.keyboard.press('Escape');
      await alice.route('**/hubs/**', (route) => route.abort());
      await platform.service.kill();
      await alice.getByText('Connection lost').last().waitFor();
      await write(alice, 'waits');
      await alice.getByText('1 message waits to be sent.').waitFor();
      expect(await faultsOf(alice)).toEqual([]);
      await platform.service.restart();
      await alice.unrouteAll();
      await allSent(alice);
      await alice.context().close();
    },
    restartsMs,
  );

  it.each([320, 390, 768, 1024, 1280])('at %i pixels nothing is cut off sideways', async (width) => {
    const alice = await openChat(platform, 'alice', { viewport: { width, height: 740 } });
    await isConnected(alice);
    await rowOf(alice, 'long').waitFor();
    expect(await beyondEdge(alice)).toEqual([]);
    await rowOf(alice, 'long').click();
    await messageOf(alice, 'short').waitFor();
    expect(await beyondEdge(alice)).toEqual([]);
    await alice.getByRole('button', { name: 'People and name' }).click();
    await alice.getByRole('list', { name: 'People in this group' }).waitFor();
    expect(await beyondEdge(alice)).toEqual([]);
    await alice.context().close();
  });

  it('a screen reader hears what others write once, and not what was there before', async () => {
    const alice = await openChat(platform, 'alice', { conversation: group });
    await isConnected(alice);
    await messageOf(alice, 'short').waitFor();
    const log = alice.getByRole('log', { name: 'New messages' });
    expect((await log.innerText()).trim()).toBe('');
    await write(alice, 'mine');
    const bob = await deviceOf(platform, 'bob');
    await bob.say(group, 'for everybody to hear');
    await log.getByText('Bob Brandt: for everybody to hear').waitFor({ state: 'attached' });
    expect(await log.locator('p').allInnerTexts()).toEqual(['Bob Brandt: for everybody to hear']);
    await alice.getByRole('navigation', { name: 'Views' }).waitFor();
    await alice.getByRole('region', { name: /^Messages: / }).waitFor();
  });

  it(
    'unknown presence is not shown as offline',
    async () => {
      const bob = await platform.open('bob');
      await isConnected(bob);
      const alice = await openChat(platform, 'alice');
      await isConnected(alice);
      // A hub waits a while before it says that somebody is gone.
      const toSettle = { timeout: 90_000 };
      const dot = rowOf(alice, 'Bob Brandt').locator('.presence');
      await rowOf(alice, 'Bob Brandt').locator('[data-presence=online]').waitFor();
      await bob.context().close();
      await rowOf(alice, 'Bob Brandt').locator('[data-presence=offline]').waitFor(toSettle);
      await platform.service.kill();
      await alice.getByText('Connection lost').last().waitFor();
      expect(await dot.count()).toBe(0);
      await platform.service.restart();
      await rowOf(alice, 'Bob Brandt').locator('[data-presence=offline]').waitFor(toSettle);
    },
    restartsMs,
  );
});
