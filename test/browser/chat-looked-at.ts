import { randomUUID } from 'node:crypto';
import type { Locator, Page } from 'playwright-core';
import {
  type ChatApi,
  createChatApi,
  createRestCall,
  givenToken,
  messageTypes,
  readAnswer,
} from '#services/client/index.ts';
import { eventually } from '#test/eventually.ts';
import type { OpenOptions, StandalonePage, Tab } from './standalone-page.ts';

/** What somebody does on another device, without a tab. */
export type Device = {
  readonly api: ChatApi;
  say(conversationId: string, content: string, type?: (typeof messageTypes)[number]): Promise<string>;
};

export async function deviceOf({ url }: StandalonePage, user: string): Promise<Device> {
  const headers = { 'content-type': 'application/json' };
  const signIn = await fetch(`${url}/demo/sign-in`, { method: 'POST', headers, body: JSON.stringify({ user }) });
  const { token } = (await readAnswer(signIn)) as { token: string };
  const api = createChatApi(createRestCall({ baseUrl: url, tokens: givenToken(token) }));
  return {
    api,
    async say(conversationId, content, type = 'text') {
      const message = {
        conversationId,
        content,
        type: messageTypes.indexOf(type),
        clientMessageId: randomUUID(),
      };
      return (await api.send(message)).id;
    },
  };
}

/** A tab in the chat, with a conversation open where one is named. */
export async function openChat(
  platform: StandalonePage,
  user: string,
  { conversation, ...options }: OpenOptions & { conversation?: string } = {},
): Promise<Tab> {
  const tab = await platform.open(`${user}/chat${conversation ? `/${conversation}` : ''}`, options);
  await tab.getByRole('heading', { name: 'Chat', exact: true, includeHidden: true }).waitFor({ state: 'attached' });
  return tab;
}

export function composer(page: Page): Locator {
  return page.getByRole('textbox', { name: /^Message to / });
}

export async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

export function messageOf(page: Page, text: string): Locator {
  return page.locator('.message', { has: page.locator('.message-text', { hasText: text }) });
}

/** What people wrote, top to bottom. */
export function textsOf(page: Page): Promise<string[]> {
  return page.locator('.message .message-text').allInnerTexts();
}

export async function hasTexts(page: Page, texts: readonly string[]): Promise<void> {
  await eventually(async () => {
    const shown = JSON.stringify(await textsOf(page));
    return shown === JSON.stringify(texts) ? undefined : `${shown} instead of ${JSON.stringify(texts)}`;
  });
}

/** Every own message has reached the server. */
export async function allSent(page: Page): Promise<void> {
  await eventually(async () => {
    const states = await page.locator('.message').evaluateAll((rows) => rows.map((row) => row.dataset['delivery']));
    return states.every((state) => state === 'sent') ? undefined : states.join();
  });
}

/** The row of the list, as a person and a screen reader have it. */
export function rowOf(page: Page, title: string): Locator {
  return page.locator('.conversation-row', { has: page.locator('.conversation-title', { hasText: title }) });
}
