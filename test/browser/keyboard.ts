import type { Page } from 'playwright-core';

/** The accessible name of what has the focus; it must be visible there. */
export async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return '';
    const radio = element instanceof HTMLInputElement ? element.closest('label') : null;
    const label = element instanceof HTMLTextAreaElement ? element.labels[0] : null;
    const name = element.getAttribute('aria-label') ?? (radio ?? label ?? element).innerText;
    return name.replace(/\s+/g, ' ').trim();
  });
}

/** Presses Tab until the focus is on `name`. */
export async function tabTo(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
  const met: string[] = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (name.test(now)) return;
    met.push(now);
  }
  throw new Error(`Tab never reaches ${name}: ${met.join(' | ')}`);
}
