import type { Page } from 'playwright-core';
import { eventually } from '#test/eventually.ts';

/** What a person sees of the list, top to bottom. */
export async function rowsOf(page: Page): Promise<string[]> {
  const texts = await page.locator('#notifications .row .row-text > p:first-child').allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, ' '));
}

export async function hasRows(page: Page, count: number): Promise<void> {
  await eventually(async () => {
    const rows = await page.locator('#notifications .row').count();
    return rows === count ? undefined : `${rows} rows instead of ${count}`;
  });
}

/** The badge, and what the bell says of it; '' is none. */
export async function hasBadge(page: Page, text: string, words?: string): Promise<void> {
  await eventually(async () => {
    const badge = (await page.locator('.badge').allInnerTexts()).join();
    return badge === text ? undefined : `badge ${JSON.stringify(badge)} instead of ${JSON.stringify(text)}`;
  });
  if (words === undefined) return;
  await page.getByRole('button', { name: `Notifications, ${words}`, exact: true }).waitFor();
}

export async function isConnected(page: Page, over = 'SignalR · WebSocket'): Promise<void> {
  await page.getByRole('button', { name: `Connected · ${over}` }).waitFor();
}

/** The list is there, empty or not. */
export async function isLoaded(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Notifications, / }).waitFor();
}
