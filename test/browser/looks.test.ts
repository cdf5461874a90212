import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { hasRows, isConnected, isLoaded } from './looked-at.ts';
import { type StandalonePage, startStandalonePage } from './standalone-page.ts';

const folder = resolve(import.meta.dirname, '../../test-output');
const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 760 } };

// Pictures for people to look at: each shows a state that the page must be able to reach.
describeWithServer('chromium', 'pictures', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    platform = await startStandalonePage();
    for (const from of ['dave', 'erin', 'carol']) await platform.act(from, 'alice', 'Comment');
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it.each(['wide', 'narrow'] as const)('%s', async (size) => {
      const picture = (name: string) => join(folder, `${name}-${size}-${colorScheme}.png`);
      const options = { colorScheme, viewport: sizes[size], reducedMotion: 'reduce' } as const;
      const door = await platform.open(undefined, options);
      await door.getByRole('heading', { name: 'Who are you today?' }).waitFor();
      await door.screenshot({ path: picture('sign-in') });

      const empty = await platform.open('erin', options);
      await isConnected(empty);
      const alice = await platform.open('alice', options);
      await isConnected(alice);
      await isLoaded(alice);
      await platform.act('bob', 'alice');
      await alice.locator('.toast').waitFor();
      await alice.screenshot({ path: picture('toast') });
      if (size === 'narrow') for (const tab of [alice, empty]) await tab.locator('.bell').click();
      await alice
        .getByRole('button', { name: /^Mark as read: Carol/ })
        .or(alice.locator('.row').first())
        .first()
        .hover();
      await alice.screenshot({ path: picture('list') });
      await isLoaded(empty);
      await empty.screenshot({ path: picture('empty') });
      await alice.getByRole('radio', { name: 'Grouped' }).check();
      await hasRows(alice, 2);
      await alice.getByRole('button', { name: 'Connected' }).click();
      await alice.screenshot({ path: picture('menu') });
      await alice.keyboard.press('Escape');

      await alice.route('**/api/**', (route) =>
        route.fulfill({
          status: 503,
          json: {
            error: 'the store does not answer',
            code: 'unavailable',
            correlationId: '7c1f0f0e-0d7b-4c0e-9f0a-5e1f6f1f3a11',
          },
        }),
      );
      await alice.getByRole('radio', { name: 'All' }).check();
      await alice.getByRole('button', { name: 'Mark all read' }).click();
      const note = alice.getByRole('alert').filter({ hasText: 'the store does not answer' });
      await note.waitFor();
      expect(await note.innerText()).toContain('7c1f0f0e');
      await alice.screenshot({ path: picture('error') });
      for (const tab of [door, empty, alice]) await tab.context().close();
    });
  });
});
