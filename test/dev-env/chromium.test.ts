import { expect, test } from 'vitest';
import { launchChromium } from './chromium.ts';
import { describeWithServer } from './with-server.ts';

describeWithServer('chromium', 'launchChromium', () => {
  test('gives a browser that runs a page', async () => {
    await using browser = await launchChromium();
    const page = await browser.newPage();
    await page.setContent('<title>here</title>');
    expect(await page.title()).toBe('here');
  });
});
