import type { Page } from 'playwright-core';
import { faintTexts } from './contrast.ts';

/** What a checker of accessibility would find at first glance. */
export async function faultsOf(page: Page): Promise<string[]> {
  return [...(await faintTexts(page)), ...(await faultsInTree(page))];
}

function faultsInTree(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) faults.push(`id ${id} twice`);
    for (const name of ['aria-labelledby', 'aria-describedby']) {
      for (const element of document.querySelectorAll(`[${name}]`)) {
        const id = element.getAttribute(name) ?? '';
        if (!document.getElementById(id)) faults.push(`${name}=${id} points nowhere`);
      }
    }
    for (const element of document.querySelectorAll<HTMLElement>('button, a, input, textarea')) {
      const label = element.getAttribute('aria-label') ?? element.closest('label')?.innerText ?? element.innerText;
      const isField = element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement;
      const labelled = label.trim() !== '' || (isField && (element.labels?.length ?? 0) > 0);
      if (!labelled) faults.push(`no name: ${element.outerHTML.slice(0, 80)}`);
      const { width, height } = (element.closest('label') ?? element).getBoundingClientRect();
      if (element.tagName === 'BUTTON' && (width < 24 || height < 24)) faults.push(`too small: ${label}`);
    }
    for (const element of document.querySelectorAll('[onclick], [role=button], [tabindex]:not([tabindex="-1"])')) {
      // What scrolls must be reachable by keyboard, and say what it is.
      if (getComputedStyle(element).overflowY === 'auto' && element.matches('section[aria-label]')) continue;
      faults.push(`not a button: ${element.outerHTML.slice(0, 80)}`);
    }
    for (const image of document.querySelectorAll('img'))
      if (image.getAttribute('alt') === null) faults.push('image without alt');
    if (document.querySelectorAll('main').length !== 1) faults.push('not one main');
    if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
    if (document.documentElement.lang === '') faults.push('no language');
    return faults;
  });
}
