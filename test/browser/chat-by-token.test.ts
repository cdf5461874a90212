import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { allSent, hasTexts, rowOf, write } from './chat-looked-at.ts';
import { isConnected } from './looked-at.ts';
import { startStandalonePage, type Tab } from './standalone-page.ts';

describeWithServer('chromium', 'the chat with a pasted token', () => {
  it('works too: people are named by their ids, and signing out leaves nothing of what was written', async () => {
    await using platform = await startStandalonePage({ DEMO: 'false' });
    const secret = await readFile(join(platform.dataDir, 'keys', 'jwt-hs256'), 'utf8');
    const signedIn = async (user: string): Promise<Tab> => {
      const tab = await platform.open();
      const claims = { secret, issuer: 'Sonixy.IdentityService', audience: 'Sonixy.Client', user };
      await tab.getByLabel('Access token').fill(await issueToken({ ...claims, lifetimeSeconds: 3_600 }));
      await tab.getByRole('button', { name: 'Sign in' }).click();
      await isConnected(tab);
      await tab.getByRole('link', { name: 'Chat' }).click();
      return tab;
    };
    const [zoe, max] = [await signedIn('zoë'), await signedIn('max')];
    await zoe.getByRole('link', { name: 'New' }).click();
    await zoe.getByRole('textbox', { name: 'User id' }).fill('max');
    await zoe.getByRole('button', { name: 'Start' }).click();
    await zoe.getByRole('heading', { name: 'max' }).waitFor();
    await write(zoe, 'hello max');
    await allSent(zoe);
    await rowOf(max, 'zoë').click();
    await hasTexts(max, ['hello max']);
    await max.reload();
    await hasTexts(max, ['hello max']);

    await zoe.getByRole('link', { name: 'New' }).click();
    await zoe.getByRole('radio', { name: 'Group' }).check();
    await zoe.getByRole('textbox', { name: /one on each line/ }).fill('max\nyan\nmax\n');
    await zoe.getByRole('button', { name: 'Start group' }).click();
    await zoe.getByRole('heading', { name: 'max and yan' }).waitFor();
    await zoe.getByText('3 people').waitFor();

    await zoe.getByRole('textbox', { name: /^Message to/ }).fill('a draft');
    const kept = () => zoe.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    expect(await kept()).toContain('a draft');
    await zoe.getByRole('button', { name: 'Sign out zoë' }).click();
    await zoe.getByLabel('Access token').waitFor();
    expect(await kept()).not.toContain('a draft');
    expect(new URL(zoe.url()).hash).toBe('');
    // The demo's people are asked for first, and there are none.
    for (const tab of [zoe, max]) {
      expect(tab.complaints.filter((text) => !text.includes('status of 404'))).toEqual([]);
    }
  });
});
